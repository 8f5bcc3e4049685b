/// The ways in which a store operation can fail. Each service maps them to its own errors in one function.
package enum StorageError: Error, Hashable, Sendable {
    /// The check at this index of the batch did not hold. The caller reads and decides again, or answers.
    case checkFailed(index: Int)
    /// Another commit won. Safe to retry; the engine has already retried within its bound.
    case conflict
    /// A key, a value or a batch is over its limit; sizes in bytes.
    case tooLarge(bytes: Int, limitBytes: Int)
    /// The idempotency token was used before with another fingerprint. Not retryable.
    case tokenMismatch
    /// The queue of waiting commits is full. Nothing was done; safe to retry after a pause (AWS: a throttling error).
    case overloaded
    /// The log or the connection failed during the commit: the batch may or may not have happened. To find out, use the
    /// idempotency token or read.
    case unknownOutcome
    /// The store cannot do this now (full disk, failed log, closed), and nothing was done. The reason is for the
    /// operator.
    case unavailable(String)
    /// A checksum did not match. Not retryable; the store stops accepting writes.
    case corrupt(String)
}
