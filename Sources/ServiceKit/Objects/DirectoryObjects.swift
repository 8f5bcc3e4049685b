package import Primitives

/// Objects as files: `<directory>/<bucket>/<key, percent-encoded, in pieces>`.
///
/// A key's encoding is cut into path components of 200 bytes, so that no key exceeds what file systems allow; every
/// component but the last ends in `+`, which the encoding never contains. Writes go to a temporary file that is synced
/// and renamed. File operations run on a thread of their own, never on Swift's cooperative pool.
package final class DirectoryObjects: ObjectPort {
    static let componentBytesMax = 200

    private let directory: String
    private let thread = SerialThread(name: "objects")
    private let random: any RandomSource

    package init(directory: String, random: any RandomSource = SystemRandomSource()) {
        self.directory = directory
        self.random = random
    }

    package func put(_ bytes: [UInt8], at location: ObjectLocation) async throws(ObjectError) {
        let path = self.path(of: location)
        let suffix = Hex.encode(self.random.bytes(8))
        try await self.thread.run { () throws(FileError) in
            try Files.createDirectories(above: path)
            try Files.replace(path, with: bytes, mode: 0o600, temporarySuffix: suffix)
        }.mapped()
    }

    package func get(_ location: ObjectLocation) async throws(ObjectError) -> [UInt8] {
        let path = self.path(of: location)
        return try await self.thread.run { () throws(FileError) in try Files.read(path) }.mapped()
    }

    package func delete(_ location: ObjectLocation) async throws(ObjectError) {
        let path = self.path(of: location)
        try await self.thread.run { () throws(FileError) in try Files.remove(path) }.mapped()
    }

    package func list(
        bucket: String, prefix: String, startAfter: String, limit: Int
    ) async throws(ObjectError) -> [String] {
        guard ObjectLocation.isBucketName(Array(bucket.utf8)) else { return [] }
        let root = "\(self.directory)/\(bucket)"
        let keys = try await self.thread.run { () throws(FileError) in
            var keys: [String] = []
            try Self.collect(root, encoded: "", into: &keys)
            return keys
        }.mapped()
        let wanted = keys.filter {
            $0.utf8.starts(with: prefix.utf8) && startAfter.utf8.lexicographicallyPrecedes($0.utf8)
        }
        return Array(wanted.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.prefix(limit))
    }

    private static func collect(_ path: String, encoded: String, into keys: inout [String]) throws(FileError) {
        for name in try Files.names(in: path) {
            if name.hasSuffix("+") {
                try self.collect("\(path)/\(name)", encoded: encoded + name.dropLast(), into: &keys)
            } else if let key = PercentEncoding.decodeText(encoded + name), !name.contains("~") {
                keys.append(key)
            }
        }
    }

    private func path(of location: ObjectLocation) -> String {
        var path = "\(self.directory)/\(location.bucket)"
        var rest = Substring(Self.encode(location.key))
        while rest.utf8.count > Self.componentBytesMax {
            let cut = rest.utf8.index(rest.startIndex, offsetBy: Self.componentBytesMax)
            path += "/\(rest[..<cut])+"
            rest = rest[cut...]
        }
        return path + "/\(rest)"
    }

    /// Percent encoding with `.` and `~` escaped too: `..` must not climb, and `~` marks temporary files.
    private static func encode(_ key: String) -> String {
        var output: [UInt8] = []
        for byte in key.utf8 {
            switch byte {
            case UInt8(ascii: "."): output.append(contentsOf: "%2E".utf8)
            case UInt8(ascii: "~"): output.append(contentsOf: "%7E".utf8)
            default: PercentEncoding.append(CollectionOfOne(byte), to: &output)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}

extension Result where Failure == FileError {
    /// The file's failure as the port words it.
    fileprivate func mapped() throws(ObjectError) -> Success {
        switch self {
        case .success(let value): return value
        case .failure(.absent): throw .absent
        case .failure(let error): throw .unavailable(error.sentence)
        }
    }
}
