/// Settings of a table that only its description shows.
struct StoredSettings: Sendable, Equatable {
    /// On-demand tables: the maximum throughput, in units per second, that their owner sets.
    var onDemandLimit: UnitPair?
    /// The warm throughput, if it was requested.
    var warmThroughput: UnitPair?
    /// The ARN of the KMS key in the request; nil for tables encrypted with the AWS owned key.
    var encryptionKeyARN: String?
    var tags: [TableTag] = []
}

/// Units per second for reads and writes; one of them may be absent.
struct UnitPair: Sendable, Equatable {
    var read: Int?
    var write: Int?

    /// nil when both are absent: `{}` in a request has no meaning.
    init?(read: Int?, write: Int?) {
        if read == nil && write == nil { return nil }
        self.read = read
        self.write = write
    }
}

/// A tag, as CreateTable gives it.
struct TableTag: Sendable, Equatable {
    var key: String
    var value: String
}
