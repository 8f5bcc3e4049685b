internal import Synchronization

extension BodyBudget {
    /// Takes room, and waits in the queue for it if necessary.
    /// - Parameters:
    ///   - bytes: the most that will be needed.
    ///   - timeout: the longest wait.
    /// - Returns: nil if too many wait, if it takes too long, or if the task is cancelled.
    package func room(for bytes: Int, within timeout: Duration) async -> BodyClaim? {
        let turn = Turn()
        guard let (claim, hasRoom) = self.claim(bytes, resume: { turn.end(hasRoom: true) }) else { return nil }
        if hasRoom { return claim }
        // Not awaited: it is cancelled when the wait is over, and ends then.
        let timer = Task {
            // A cancelled sleep means that the wait is over already.
            try? await Task.sleep(for: timeout)
            turn.end(hasRoom: false)
        }
        defer { timer.cancel() }
        let isAdmitted = await withTaskCancellationHandler {
            await turn.wait()
        } onCancel: {
            turn.end(hasRoom: false)
        }
        return isAdmitted ? claim : nil
    }

    /// One wait for room. The first of its possible ends counts.
    private final class Turn: Sendable {
        private enum State {
            case open(CheckedContinuation<Bool, Never>?)
            case over(hasRoom: Bool)
        }

        private let state = Mutex(State.open(nil))

        func wait() async -> Bool {
            await withCheckedContinuation { continuation in
                let known: Bool? = self.state.withLock { state in
                    if case .over(let hasRoom) = state { return hasRoom }
                    state = .open(continuation)
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        }

        func end(hasRoom: Bool) {
            let waiter: CheckedContinuation<Bool, Never>? = self.state.withLock { state in
                guard case .open(let waiter) = state else { return nil }
                state = .over(hasRoom: hasRoom)
                return waiter
            }
            waiter?.resume(returning: hasRoom)
        }
    }
}
