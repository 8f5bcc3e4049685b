/// A failure of RocksDB, classified by its error text: the C API has no error codes.
enum EngineFailure: Error, Equatable, Sendable {
    /// The answer is not in memory, and the read may not touch the disk.
    case incomplete
    /// The disk is full, or a quota or file-size limit is reached. This can pass.
    case noSpace(String)
    /// Written data could not be made durable. Never retried: the system may have dropped the data from its cache, so
    /// that a later fsync that succeeds proves nothing.
    case sync(String)
    /// A checksum or a format did not match.
    case corrupt(String)
    /// Another process holds RocksDB's own lock.
    case locked(String)
    case other(String)

    /// The only place that interprets RocksDB's error texts (`Status::ToString`: a class, then the context, then
    /// strerror).
    init(sentence: String) {
        let isIOError = sentence.hasPrefix("IO error")
        if sentence.hasPrefix("Result incomplete") {
            self = .incomplete
        } else if sentence.hasPrefix("Corruption") || Self.isMissingFile(sentence) {
            self = .corrupt(sentence)
        } else if isIOError, Self.spaceSentences.contains(where: sentence.contains) {
            self = .noSpace(sentence)
        } else if isIOError, Self.syncSentences.contains(where: sentence.contains) {
            self = .sync(sentence)
        } else if isIOError, sentence.contains("lock") {
            self = .locked(sentence)
        } else {
            self = .other(sentence)
        }
    }

    /// A file that RocksDB's manifest names is missing.
    private static func isMissingFile(_ sentence: String) -> Bool {
        sentence.hasPrefix("IO error: No such file or directory")
    }

    private static let spaceSentences = ["No space left on device", "Disk quota exceeded", "File too large"]
    private static let syncSentences = ["fsync", "fdatasync", "Sync", "sync_file_range"]

    var sentence: String {
        switch self {
        case .incomplete: "not in memory"
        case .noSpace(let sentence), .sync(let sentence), .corrupt(let sentence), .locked(let sentence),
            .other(let sentence):
            sentence
        }
    }
}
