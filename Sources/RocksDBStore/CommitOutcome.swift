internal import KeyValue

/// What a task that asked for a commit is told.
enum CommitOutcome: Sendable {
    case done(CommitReceipt)
    case failed(StorageError)
    /// The checks could not be decided in memory: read these and ask again.
    case needsReads([ReadNeed])
}

/// A read that a check, or the idempotency token, needs before it can be decided.
struct ReadNeed: Sendable {
    enum Subject: Sendable {
        case check(index: Int)
        case token
    }

    let subject: Subject
    /// The last commit near the key when the read was asked for: the read still holds if that has not changed.
    let stripeVersion: UInt64
}
