internal import Synchronization

/// At most so many at once, at most so many waiting; beyond that an immediate no.
final class ConcurrencyLimiter: Sendable {
    private struct State {
        var active = 0
        /// First come, first served; `head` is the next to go.
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

    /// Takes a place, after waiting for one if need be.
    /// - Returns: false when too many wait already; nothing was taken then.
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

    /// Gives the place to whoever waits longest, or back.
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
                // A queue that is never empty would else keep everybody who has ever waited.
                state.waiting.removeFirst(state.head)
                state.head = 0
            }
            return next
        }
        next?.resume()
    }
}
