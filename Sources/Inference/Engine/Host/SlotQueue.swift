package import Primitives
internal import Synchronization

/// The slots of one engine: as many requests as it has slots are computed concurrently, the others wait here.
///
/// More requests than slots would occupy the engine's HTTP threads, so that it could not answer status queries
/// (measured). Here they wait in order, and callers take turns, so that one caller's hundred requests do not delay
/// another caller's single one.
package final class SlotQueue: Sendable {
    private struct State {
        var freeCount: Int
        var queue = FairQueue<Signal>()
    }

    package let slots: Int
    private let waitingCountMax: Int
    private let time: SteadyTime
    private let state: Mutex<State>

    package init(slots: Int, waitingCountMax: Int, time: SteadyTime = .system) {
        self.slots = slots
        self.waitingCountMax = waitingCountMax
        self.time = time
        self.state = Mutex(State(freeCount: slots))
    }

    /// Returns when the caller has a slot; `release` frees it.
    /// - Throws: `busy` when the queue is full, or the deadline has passed.
    package func acquire(caller: String, until deadline: ContinuousClock.Instant) async throws(InferenceError) {
        let turn = Signal()
        let place: Result<UInt64?, InferenceError> = self.state.withLock { state in
            if state.freeCount > 0 {
                state.freeCount -= 1
                return .success(nil)
            }
            guard state.queue.count < self.waitingCountMax else { return .failure(.busy) }
            return .success(state.queue.append(turn, caller: caller))
        }
        guard let id = try place.get() else { return }
        let isTurn = await turn.wait(until: deadline, self.time)
        if isTurn && !Task.isCancelled { return }
        // The slot may have been granted at the last moment.
        let wasWaiting = self.state.withLock { $0.queue.remove(id) }
        guard !wasWaiting else { throw .busy }
        guard Task.isCancelled else { return }
        self.release()
        throw .failed("the request was cancelled")
    }

    package func release() {
        let next = self.state.withLock { state -> Signal? in
            guard let next = state.queue.popFirst() else {
                state.freeCount += 1
                precondition(state.freeCount <= self.slots, "a turn was ended twice")
                return nil
            }
            return next
        }
        next?.set()
    }

    /// The number of occupied slots and of waiting requests.
    package var counts: (taken: Int, waiting: Int) {
        self.state.withLock { (self.slots - $0.freeCount, $0.queue.count) }
    }
}

/// A fair queue: callers take turns, and each caller's entries are first in, first out.
struct FairQueue<Element> {
    private var queues: [String: [(id: UInt64, element: Element)]] = [:]
    /// Callers with queued entries; the next in turn is first.
    private var callers: [String] = []
    private var lastID: UInt64 = 0
    private(set) var count = 0

    mutating func append(_ element: Element, caller: String) -> UInt64 {
        self.lastID += 1
        self.count += 1
        if self.queues[caller] == nil { self.callers.append(caller) }
        self.queues[caller, default: []].append((self.lastID, element))
        return self.lastID
    }

    mutating func popFirst() -> Element? {
        guard !self.callers.isEmpty else { return nil }
        let caller = self.callers.removeFirst()
        guard var queue = self.queues.removeValue(forKey: caller), !queue.isEmpty else { return nil }
        let first = queue.removeFirst()
        self.count -= 1
        if !queue.isEmpty {
            self.queues[caller] = queue
            self.callers.append(caller)
        }
        return first.element
    }

    /// - Returns: whether it was still queued.
    mutating func remove(_ id: UInt64) -> Bool {
        for (caller, queue) in self.queues {
            guard let index = queue.firstIndex(where: { $0.id == id }) else { continue }
            self.count -= 1
            if queue.count == 1 {
                self.queues[caller] = nil
                self.callers.removeAll { $0 == caller }
            } else {
                self.queues[caller]?.remove(at: index)
            }
            return true
        }
        return false
    }
}
