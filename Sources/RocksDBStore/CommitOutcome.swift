internal import KeyValue

/// The result that a committing task is resumed with.
enum CommitOutcome: Sendable {
    case done(CommitReceipt)
    case failed(StorageError)
    /// The checks cannot be decided in memory: do these reads and ask again.
    case needsReads([ReadNeed])
}

/// A read that a check, or the idempotency token, needs before it can be decided.
struct ReadNeed: Sendable {
    enum Subject: Sendable {
        case check(index: Int)
        case token
    }

    let subject: Subject
    /// The last commit near the key when the read was requested: the read is still valid if this has not changed.
    let stripeVersion: UInt64
}
