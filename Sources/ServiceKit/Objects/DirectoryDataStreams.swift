package import Primitives

/// Data streams as files in a directory, until there is a Kinesis service.
///
///     <directory>/<account>/<region>/<stream>/records-0000000001.jsonl
///
/// A stream exists when its folder does. Each line of a file is a record as Kinesis shows it: `PartitionKey`, and
/// `Data` in base64. A full file is followed by the next; the oldest are removed once there are more than `filesMax`.
/// File operations run on a thread of their own, never on Swift's cooperative pool.
package final class DirectoryDataStreams: DataStreamPort {
    /// The size from which a file counts as full.
    package static let fileBytesMaxDefault = 64 << 20
    static let filesMax = 16
    /// - Source: Kinesis API reference, "CreateStream", `StreamName`.
    static let nameBytesMax = 128
    private static let numberDigits = 10
    private static let start = "records-"
    private static let end = ".jsonl"

    private let directory: String
    private let fileBytesMax: Int64
    private let thread = SerialThread(name: "streams")

    package init(directory: String, fileBytesMax: Int = DirectoryDataStreams.fileBytesMaxDefault) {
        self.directory = directory
        self.fileBytesMax = Int64(fileBytesMax)
    }

    package func hasStream(_ stream: ARN) async -> Bool {
        guard let folder = self.folder(of: stream) else { return false }
        let answer = await self.thread.run { () throws(FileError) in Files.isDirectory(folder) }
        // `isDirectory` does not throw; only the thread's signature allows for it.
        return (try? answer.get()) ?? false
    }

    package func put(_ records: [DataStreamRecord], in stream: ARN) async throws(DataStreamError) {
        guard let folder = self.folder(of: stream) else { throw .absent }
        let limit = self.fileBytesMax
        let answer = await self.thread.run { () throws(FileError) in
            guard Files.isDirectory(folder) else { throw .absent }
            let file = try Self.file(in: folder, limit)
            var text: [UInt8] = []
            let bytes = Files.facts(file)?.bytes
            // A kill during a write leaves half a line, which would take the next record with it.
            if let bytes, bytes > 0,
                try Files.read(file, from: Int(bytes) - 1, count: 1) != [UInt8(ascii: "\n")]
            {
                text.append(UInt8(ascii: "\n"))
            }
            for record in records {
                text += Array("{\"PartitionKey\":\"\(record.partitionKey)\",\"Data\":\"".utf8)
                text += Array("\(Base64.encode(record.data))\"}\n".utf8)
            }
            let output = try AppendedFile(file)
            try output.append(text)
            // On the disk before the table's position moves past them.
            try output.sync()
            if bytes == nil { try Files.syncDirectory(folder) }
        }
        switch answer {
        case .success: return
        case .failure(.absent): throw .absent
        case .failure(let error): throw .unavailable(error.sentence)
        }
    }

    /// The file to append to; removes the oldest files if a new one is needed.
    private static func file(in folder: String, _ limit: Int64) throws(FileError) -> String {
        var numbers = try Files.names(in: folder).compactMap(self.number).sorted()
        func path(_ number: Int) -> String {
            let digits = String(number)
            let zeros = String(repeating: "0", count: max(0, self.numberDigits - digits.utf8.count))
            return "\(folder)/\(self.start)\(zeros)\(digits)\(self.end)"
        }
        guard let last = numbers.last else { return path(1) }
        guard let stamp = Files.facts(path(last)), stamp.bytes >= limit else { return path(last) }
        while numbers.count >= self.filesMax { try Files.remove(path(numbers.removeFirst())) }
        return path(last + 1)
    }

    private static func number(_ name: String) -> Int? {
        guard name.hasPrefix(self.start), name.hasSuffix(self.end) else { return nil }
        return Int(name.dropFirst(self.start.count).dropLast(self.end.count))
    }

    /// - Returns: nil when the ARN is not that of a stream.
    private func folder(of stream: ARN) -> String? {
        let parts = stream.resource.split(separator: "/", omittingEmptySubsequences: false)
        guard stream.service == "kinesis", parts.count == 2, parts[0] == "stream",
            AccountID(stream.account) != nil, Region(stream.region) != nil, Self.isName(parts[1])
        else { return nil }
        return "\(self.directory)/\(stream.account)/\(stream.region)/\(parts[1])"
    }

    /// Letters, digits, `_`, `-` and `.`; no name climbs out of the directory.
    private static func isName(_ name: Substring) -> Bool {
        (1...self.nameBytesMax).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { byte in
                ASCII.isDigit(byte) || ASCII.isLetter(byte) || [0x5F, 0x2D, 0x2E].contains(byte)
            }
    }
}
