package import Primitives

/// Objects as files, `<directory>/<bucket>/<key>`, so that people can add and take files by hand.
///
/// Each part of a key between slashes is a folder; the last is a file. `%`, `+`, `~`, control characters and the parts
/// `.` and `..` are percent-encoded. An empty part becomes a lone `%`, which no encoding produces. Parts are split into
/// names of at most 200 bytes, so that every key fits every file system; each piece but the last ends in `+`. An object
/// whose name is taken by a folder gets a `%` at its end. Writes go to a temporary file, with `~` in its name, that is
/// synced and renamed. File operations run on a thread of their own, never on Swift's cooperative pool.
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
        let place = self.place(of: location)
        let suffix = Hex.encode(self.random.bytes(8))
        try await self.thread.run { () throws(FileError) in
            let path = try place.prepared()
            try Files.replace(path, with: bytes, mode: 0o600, temporarySuffix: suffix)
        }.mapped()
    }

    package func get(_ location: ObjectLocation) async throws(ObjectError) -> [UInt8] {
        let place = self.place(of: location)
        return try await self.thread.run { () throws(FileError) in try Files.read(place.present) }.mapped()
    }

    package func get(
        _ location: ObjectLocation, from offset: Int, count: Int
    ) async throws(ObjectError) -> [UInt8] {
        let place = self.place(of: location)
        return try await self.thread.run { () throws(FileError) in
            try Files.read(place.present, from: offset, count: count)
        }.mapped()
    }

    package func size(of location: ObjectLocation) async throws(ObjectError) -> Int {
        let place = self.place(of: location)
        return try await self.thread.run { () throws(FileError) in
            guard let stamp = Files.facts(place.present) else { throw .absent }
            return Int(stamp.bytes)
        }.mapped()
    }

    /// A bucket exists when its folder does.
    package func hasBucket(_ bucket: String) async throws(ObjectError) -> Bool {
        guard ObjectLocation.isBucketName(Array(bucket.utf8)) else { return false }
        let folder = "\(self.directory)/\(bucket)"
        return try await self.thread.run { () throws(FileError) in Files.isDirectory(folder) }.mapped()
    }

    package func delete(_ location: ObjectLocation) async throws(ObjectError) {
        let place = self.place(of: location)
        try await self.thread.run { () throws(FileError) in try Files.remove(place.present) }.mapped()
    }

    package func list(
        bucket: String, prefix: String, startAfter: String, limit: Int
    ) async throws(ObjectError) -> [String] {
        guard ObjectLocation.isBucketName(Array(bucket.utf8)) else { return [] }
        let root = "\(self.directory)/\(bucket)"
        let keys = try await self.thread.run { () throws(FileError) in
            var keys: Set<String> = []
            try Self.collect(root, encoded: "", prefix, into: &keys)
            return keys
        }.mapped()
        let wanted = keys.filter {
            $0.utf8.starts(with: prefix.utf8) && startAfter.utf8.lexicographicallyPrecedes($0.utf8)
        }
        return Array(wanted.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.prefix(limit))
    }

    /// `encoded` is the part of the encoded key that the folder's path stands for: whole parts, each followed by a
    /// slash.
    private static func collect(
        _ path: String, encoded: String, _ prefix: String, into keys: inout Set<String>
    ) throws(FileError) {
        for name in try Files.names(in: path) where !name.contains("~") {
            let own = "\(path)/\(name)"
            guard Files.isDirectory(own) else {
                let isMoved = name.hasSuffix("%") && name != "%"
                if let key = self.decode(encoded + (isMoved ? String(name.dropLast()) : name)) { keys.insert(key) }
                continue
            }
            if name.hasSuffix("+") {
                try self.collect(own, encoded: encoded + name.dropLast(), prefix, into: &keys)
            } else if let start = self.decode(encoded + name + "/"),
                start.utf8.starts(with: prefix.utf8) || prefix.utf8.starts(with: start.utf8)
            {
                try self.collect(own, encoded: "\(encoded)\(name)/", prefix, into: &keys)
            }
        }
    }

    // Places

    /// The location of an object on disk.
    private struct Place: Sendable {
        /// The folders, from the bucket on.
        let folders: [String]
        let name: String

        private var path: String { (self.folders + [self.name]).joined(separator: "/") }

        /// The path of the existing file.
        var present: String { Files.isDirectory(self.path) ? self.path + "%" : self.path }

        /// The path for a new file; makes its folders.
        func prepared() throws(FileError) -> String {
            var folder = self.folders[0]
            for name in self.folders.dropFirst() {
                folder += "/\(name)"
                // An object whose name this folder needs is renamed, as described above.
                if Files.facts(folder) != nil, !Files.isDirectory(folder) {
                    try Files.rename(folder, to: folder + "%")
                }
            }
            try Files.createDirectory(folder)
            return self.present
        }
    }

    private func place(of location: ObjectLocation) -> Place {
        var folders = ["\(self.directory)/\(location.bucket)"]
        var name = ""
        for (index, part) in location.key.split(separator: "/", omittingEmptySubsequences: false).enumerated() {
            if index > 0 { folders.append(name) }
            var rest = Self.encode(part)[...]
            while rest.count > Self.componentBytesMax {
                var cut = rest.startIndex + Self.componentBytesMax
                // File names are UTF-8: do not split a character.
                while rest[cut] & 0xC0 == 0x80 { cut -= 1 }
                folders.append(String(decoding: rest[..<cut], as: UTF8.self) + "+")
                rest = rest[cut...]
            }
            let text = String(decoding: rest, as: UTF8.self)
            // What a cut leaves of a long part may climb as a whole part does.
            name = text == "." || text == ".." ? String(decoding: Self.encode(text[...]), as: UTF8.self) : text
        }
        return Place(folders: folders, name: name)
    }

    private static func encode(_ part: Substring) -> [UInt8] {
        if part.isEmpty { return [UInt8(ascii: "%")] }
        var output: [UInt8] = []
        let climbs = part == "." || part == ".."
        for byte in part.utf8 {
            switch byte {
            case 0..<0x20, 0x7F, UInt8(ascii: "%"), UInt8(ascii: "+"), UInt8(ascii: "~"):
                output.append(contentsOf: "%\(Hex.encode(CollectionOfOne(byte)).uppercased())".utf8)
            case UInt8(ascii: ".") where climbs:
                output.append(contentsOf: "%\(Hex.encode(CollectionOfOne(byte)).uppercased())".utf8)
            default: output.append(byte)
            }
        }
        return output
    }

    /// - Returns: nil when the text is not an encoded key.
    private static func decode(_ encoded: String) -> String? {
        var parts: [String] = []
        for part in encoded.split(separator: "/", omittingEmptySubsequences: false) {
            guard let text = part == "%" ? "" : PercentEncoding.decodeText(part) else { return nil }
            parts.append(text)
        }
        return parts.joined(separator: "/")
    }
}

extension Result where Failure == FileError {
    /// Maps a file error to the port's error.
    fileprivate func mapped() throws(ObjectError) -> Success {
        switch self {
        case .success(let value): return value
        case .failure(.absent): throw .absent
        case .failure(let error): throw .unavailable(error.sentence)
        }
    }
}
