internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The length of the write-ahead log when it was last synced: `NAME BYTES CRC-32` in the file `log-mark`.
///
/// RocksDB takes a log that was truncated to zero for a new one. A log only grows, so a log shorter than its mark has
/// lost acknowledged data. The mark itself is not synced: a missing or damaged mark proves nothing, and neither does
/// one for a log that no longer exists, because the data of that log are in tables.
struct LogMark: Equatable {
    /// Groups between two marks. A truncation of a log with fewer groups goes unnoticed.
    static let groupCountBetween = 256
    private static let fileName = "log-mark"

    let name: String
    let bytes: Int

    init(name: String, bytes: Int) {
        self.name = name
        self.bytes = bytes
    }

    /// - Returns: nil when the text is not a complete mark.
    init?(text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 3, let bytes = Int(words[1]), bytes >= 0 else { return nil }
        self.init(name: String(words[0]), bytes: bytes)
        guard self.text.split(whereSeparator: \.isWhitespace) == words else { return nil }
    }

    var text: String {
        let line = "\(self.name) \(self.bytes)"
        return "\(line) \(CRC32.checksum(Array(line.utf8)))\n"
    }

    /// Records the length of a store's newest log. Errors are ignored: a disk that cannot hold the mark soon fails a
    /// group.
    static func note(in directory: StoreDirectory) {
        guard let name = WALDamage.logNames(in: directory.enginePath).last else { return }
        let mark = LogMark(name: name, bytes: self.size(of: directory.enginePath + "/" + name) ?? 0)
        let path = directory.path + "/" + self.fileName
        let descriptor = unsafe open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        let isWritten = StoreDirectory.write(descriptor, mark.text)
        close(descriptor)
        if isWritten { unsafe rename(path + ".new", path) }
    }

    /// Refuses a store whose log is shorter than its mark.
    static func check(_ directory: StoreDirectory) throws(StoreOpenError) {
        let descriptor = unsafe open(directory.path + "/" + self.fileName, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        let mark = LogMark(text: StoreDirectory.read(descriptor))
        close(descriptor)
        guard let mark, let bytes = self.size(of: directory.enginePath + "/" + mark.name), bytes < mark.bytes else {
            return
        }
        throw .corrupt(
            path: directory.path,
            reason: "the log rocksdb/\(mark.name) has \(bytes) bytes left of the \(mark.bytes) that were written"
        )
    }

    private static func size(of path: String) -> Int? {
        var information = stat()
        return unsafe stat(path, &information) == 0 ? Int(information.st_size) : nil
    }
}
