/// What a store can do wrong. Each service maps these to the client's errors in one function.
package enum StorageError: Error, Hashable, Sendable {
    /// The check at this index of the batch did not hold. The caller decides again or answers.
    case checkFailed(index: Int)
    /// Another commit won. Safe to retry; the engine has already retried within its bound.
    case conflict
    /// A key, a value or a batch is over its limit; sizes in bytes.
    case tooLarge(bytes: Int, limitBytes: Int)
    /// The idempotency token was used before with another fingerprint. Not retryable.
    case tokenMismatch
    /// The queue of waiting commits is full. Nothing was done; safe to retry after a pause (AWS: a throttling error).
    case overloaded
    /// The log or the connection failed at commit: the batch may or may not have happened. Resolve by the
    /// idempotency token or by reading.
    case unknownOutcome
    /// The store does not do this now (full disk, failed log, closed) and nothing was done; the reason is for the
    /// operator.
    case unavailable(String)
    /// A checksum did not match. Never retried; the store stops accepting writes.
    case corrupt(String)
}
