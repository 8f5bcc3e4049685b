/// A task that waits for one of the store's threads. It is resumed exactly once, by its one owner at that time.
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
