internal import Synchronization

/// A semaphore with a bounded queue: at most `activeMax` at once and `waitingMax` waiting; further ones are refused at
/// once.
final class ConcurrencyLimiter: Sendable {
    /// The outcome of asking for a place.
    enum Admission: Sendable {
        /// The caller has a place until it calls `release`.
        case admitted
        /// The queue is full; no place was taken.
        case refused
        /// The task was cancelled in the queue; no place was taken.
        case cancelled
    }

    private struct State {
        var active = 0
        var lastID: UInt64 = 0
        /// FIFO; `head` is the index of the next to resume.
        var waiting: [(id: UInt64, continuation: CheckedContinuation<Admission, Never>)] = []
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

    /// Takes a place, waiting for one if necessary. A task that is cancelled while it waits leaves the queue, so that
    /// clients that have gone do not keep others out.
    func acquire() async -> Admission {
        if self.acquireAtOnce() { return .admitted }
        let id = self.state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await self.wait(id)
        } onCancel: {
            self.leave(id)
        }
    }

    /// Takes a place if one is free.
    func acquireAtOnce() -> Bool {
        self.state.withLock { state in
            guard state.active < self.activeMax else { return false }
            state.active += 1
            return true
        }
    }

    private func wait(_ id: UInt64) async -> Admission {
        await withCheckedContinuation { continuation in
            let known: Admission? = self.state.withLock { state in
                // Under the lock: a cancellation before this found nobody in the queue, one after it finds the task.
                guard !Task.isCancelled else { return .cancelled }
                if state.active < self.activeMax {
                    state.active += 1
                    return .admitted
                }
                guard state.waiting.count - state.head < self.waitingMax else { return .refused }
                state.waiting.append((id, continuation))
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    private func leave(_ id: UInt64) {
        let left = self.state.withLock { state -> CheckedContinuation<Admission, Never>? in
            guard let place = state.waiting[state.head...].firstIndex(where: { $0.id == id }) else { return nil }
            let left = state.waiting.remove(at: place)
            if state.head == state.waiting.count { Self.clear(&state) }
            return left.continuation
        }
        left?.resume(returning: .cancelled)
    }

    /// Passes the place on to the task that has waited longest, or frees it.
    func release() {
        let next = self.state.withLock { state -> CheckedContinuation<Admission, Never>? in
            guard state.head < state.waiting.count else {
                state.active -= 1
                return nil
            }
            let next = state.waiting[state.head]
            state.head += 1
            if state.head == state.waiting.count {
                Self.clear(&state)
            } else if state.head >= self.waitingMax {
                // Otherwise a queue that never empties would grow without bound.
                state.waiting.removeFirst(state.head)
                state.head = 0
            }
            return next.continuation
        }
        next?.resume(returning: .admitted)
    }

    private static func clear(_ state: inout State) {
        state.waiting.removeAll(keepingCapacity: true)
        state.head = 0
    }
}
