/// What a table was created with and what only its description shows.
struct StoredSettings: Sendable, Hashable {
    /// On-demand tables: the most units a second that their owner wants to pay for.
    var onDemandLimit: UnitPair?
    /// What the table is prepared for, where the request said so.
    var warmThroughput: UnitPair?
    /// The ARN of the KMS key that the request names; nil for tables with the key that AWS owns.
    var encryptionKeyARN: String?
    var tags: [TableTag] = []
}

/// Units a second for reads and writes; one of them may be left out.
struct UnitPair: Sendable, Hashable {
    var read: Int?
    var write: Int?

    /// nil when neither is there: `{}` in a request says nothing.
    init?(read: Int?, write: Int?) {
        if read == nil && write == nil { return nil }
        self.read = read
        self.write = write
    }
}

/// A tag, as CreateTable gives it.
struct TableTag: Sendable, Hashable {
    var key: String
    var value: String
}
