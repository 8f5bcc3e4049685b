internal import Primitives
internal import Synchronization

/// One thread that runs blocking work in order, so that file operations never hold a thread of Swift's cooperative
/// pool.
///
/// The queue holds one entry for each waiting caller, so the limit on requests in a service's handlers, which the
/// gateway enforces, bounds it too.
package final class SerialThread: Sendable {
    private struct State {
        var queue: [@Sendable () -> Void] = []
        var isRunning = false
    }

    private let state = Mutex(State())
    private let name: String

    /// - Parameter name: as `ThreadName.set` takes it.
    package init(name: String) {
        self.name = name
    }

    /// Runs `work` after everything submitted earlier. The thread ends when the queue is empty, and is started again on
    /// demand.
    package func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async -> Result<Value, Failure> {
        await withCheckedContinuation { continuation in
            self.enqueue {
                continuation.resume(returning: Result { () throws(Failure) in try work() })
            }
        }
    }

    private func enqueue(_ work: @escaping @Sendable () -> Void) {
        let starts = self.state.withLock { state in
            state.queue.append(work)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if starts { BlockingThread.start(self.name) { self.drain() } }
    }

    private func drain() {
        while true {
            let work = self.state.withLock { state in
                defer { state.queue.removeAll(keepingCapacity: true) }
                if state.queue.isEmpty { state.isRunning = false }
                return state.queue
            }
            if work.isEmpty { return }
            for item in work { item() }
        }
    }
}
