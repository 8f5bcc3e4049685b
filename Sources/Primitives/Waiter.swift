/// A task that waits for a thread's answer. It is resumed exactly once.
///
/// Unchecked continuations: a checked one costs an allocation and a lock for each commit of a store, and each waiter
/// has one owner at a time (the queue, then the group, then whoever resumes it).
@safe @usableFromInline
package struct Waiter<Value: Sendable>: Sendable {
    @usableFromInline let continuation: UnsafeContinuation<Value, Never>

    @inlinable init(_ continuation: UnsafeContinuation<Value, Never>) {
        unsafe self.continuation = continuation
    }

    /// Suspends the task until the waiter that `body` is given is resumed; `body` may resume it at once.
    @inlinable package static func wait(_ body: (Waiter<Value>) -> Void) async -> Value {
        await unsafe withUnsafeContinuation { continuation in
            body(unsafe Waiter(continuation))
        }
    }

    @inlinable package func resume(_ value: Value) {
        unsafe self.continuation.resume(returning: value)
    }
}
