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
/// RocksDB takes a log that was truncated to zero for a new one, passes over zeros in a log, and takes damage with
/// nothing behind it for a torn end. A log only grows, so one whose part without damage is shorter than its mark has
/// lost acknowledged data. RocksDB removes a log once its data are in tables, and makes a newer one before that: so
/// data are lost, too, where there is neither the marked log nor a newer one. The mark itself is not synced: a missing
/// or damaged mark proves nothing.
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

    /// Refuses a store whose newest log lost what its mark tells of, or has a hole with whole groups behind it.
    static func check(_ directory: StoreDirectory) throws(StoreOpenError) {
        let descriptor = unsafe open(directory.path + "/" + self.fileName, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        let mark = LogMark(text: StoreDirectory.read(descriptor))
        close(descriptor)
        guard let mark, let sentence = mark.loss(in: directory.enginePath) else { return }
        throw .corrupt(path: directory.path, reason: sentence)
    }

    private func loss(in enginePath: String) -> String? {
        let path = enginePath + "/" + self.name
        guard let bytes = Self.size(of: path) else {
            let names = WALDamage.logNames(in: enginePath)
            guard !names.contains(where: { WALDamage.isOlder(self.name, than: $0) }) else { return nil }
            return "the log rocksdb/\(self.name), of which \(self.bytes) bytes were written, is gone"
        }
        guard bytes >= self.bytes else {
            return "the log rocksdb/\(self.name) has \(bytes) bytes left of the \(self.bytes) that were written"
        }
        let scan = WALDamage.scan(WALDamage.read(path) ?? [], checksAll: false)
        guard scan.intactBytes < self.bytes || scan.hasGroupBehindDamage else { return nil }
        let rest = scan.hasGroupBehindDamage ? "and whole commits stand behind the damage" : "and more was written"
        return "the log rocksdb/\(self.name) is damaged at byte \(scan.intactBytes), \(rest)"
    }

    private static func size(of path: String) -> Int? {
        var information = stat()
        guard unsafe stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(information.st_size)
    }
}
