internal import Synchronization

/// A semaphore with a bounded queue: at most `activeMax` at once and `waitingMax` waiting; further ones are refused at
/// once.
final class ConcurrencyLimiter: Sendable {
    private struct State {
        var active = 0
        /// FIFO; `head` is the index of the next to resume.
        var waiting: [CheckedContinuation<Void, Never>] = []
        var head = 0
    }

    private let activeMax: Int
    private let waitingMax: Int
    private let state = Mutex(State())

    init(activeMax: Int, waitingMax: Int) {
        precondition(activeMax > 0 && waitingMax >= 0, "a limiter lets something through")
        self.activeMax = activeMax
        self.waitingMax = waitingMax
    }

    /// Takes a place, waiting for one if necessary. Does not react to cancellation: a cancelled task takes its place in
    /// turn.
    /// - Returns: false when the queue is full; nothing was taken then.
    func acquire() async -> Bool {
        if self.acquireAtOnce() { return true }
        return await self.wait()
    }

    /// Takes a place if one is free.
    func acquireAtOnce() -> Bool {
        self.state.withLock { state in
            guard state.active < self.activeMax else { return false }
            state.active += 1
            return true
        }
    }

    private func wait() async -> Bool {
        var isRefused = false
        await withCheckedContinuation { continuation in
            let resumesNow = self.state.withLock { state in
                if state.active < self.activeMax {
                    state.active += 1
                    return true
                }
                if state.waiting.count - state.head >= self.waitingMax {
                    isRefused = true
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if resumesNow { continuation.resume() }
        }
        return !isRefused
    }

    /// Passes the place on to the one that has waited longest, or frees it.
    func release() {
        let next = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.head < state.waiting.count else {
                state.active -= 1
                return nil
            }
            let next = state.waiting[state.head]
            state.head += 1
            if state.head == state.waiting.count {
                state.waiting.removeAll(keepingCapacity: true)
                state.head = 0
            } else if state.head >= self.waitingMax {
                // Otherwise a queue that never empties would grow without bound.
                state.waiting.removeFirst(state.head)
                state.head = 0
            }
            return next
        }
        next?.resume()
    }
}
