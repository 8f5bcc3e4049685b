package import Primitives
internal import Synchronization

/// The turns of one engine: as many requests as it has slots are computed at once, the others wait here.
///
/// More requests than slots would take the engine's HTTP threads, and with them its answers about itself (measured).
/// Here they wait in order, callers taking turns, so that one caller's hundred requests do not hold up another's one.
package final class SlotQueue: Sendable {
    private struct State {
        var freeCount: Int
        var line = FairLine<Signal>()
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

    /// Returns when it is the caller's turn; `release` ends the turn.
    /// - Throws: `busy` where too many wait, or the time has come.
    package func acquire(caller: String, until deadline: ContinuousClock.Instant) async throws(InferenceError) {
        let turn = Signal()
        let place: Result<UInt64?, InferenceError> = self.state.withLock { state in
            if state.freeCount > 0 {
                state.freeCount -= 1
                return .success(nil)
            }
            guard state.line.count < self.waitingCountMax else { return .failure(.busy) }
            return .success(state.line.append(turn, caller: caller))
        }
        guard let id = try place.get() else { return }
        let isTurn = await turn.wait(until: deadline, self.time)
        if isTurn && !Task.isCancelled { return }
        // The turn may have come at the last moment.
        let isMissed = self.state.withLock { $0.line.remove(id) }
        guard !isMissed else { throw .busy }
        guard Task.isCancelled else { return }
        self.release()
        throw .failed("the request was cancelled")
    }

    package func release() {
        let next = self.state.withLock { state -> Signal? in
            guard let next = state.line.popFirst() else {
                state.freeCount += 1
                precondition(state.freeCount <= self.slots, "a turn was ended twice")
                return nil
            }
            return next
        }
        next?.set()
    }

    /// Turns that are taken, and requests that wait.
    package var counts: (taken: Int, waiting: Int) {
        self.state.withLock { (self.slots - $0.freeCount, $0.line.count) }
    }
}

/// A line in which callers take turns: first in, first out for each of them.
struct FairLine<Element> {
    private var queues: [String: [(id: UInt64, element: Element)]] = [:]
    /// Callers with somebody in the line; whose turn it is stands first.
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

    /// - Returns: whether it was still in the line.
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
