internal import KeyValue

/// A task that waits for the committer, or for a pool. It is resumed exactly once.
///
/// Unchecked continuations: a checked one costs an allocation and a lock for each commit, and each waiter has one
/// owner at a time (the queue, then the group, then whoever resumes it).
@safe
struct Waiter<Value: Sendable>: Sendable {
    private let continuation: UnsafeContinuation<Value, Never>

    /// Suspends the task until the waiter that `body` is given is resumed; `body` may resume it at once.
    static func wait(_ body: (Waiter<Value>) -> Void) async -> Value {
        await unsafe withUnsafeContinuation { continuation in
            body(unsafe Waiter(continuation: continuation))
        }
    }

    func resume(_ value: Value) {
        unsafe self.continuation.resume(returning: value)
    }
}

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
