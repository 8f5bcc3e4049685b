internal import Synchronization

/// The memory for large bodies, of all connections together: one budget for requests' bodies that are collected, one
/// for what is made of them, one for answers that clients have not taken yet.
///
/// A body takes room for all that it may become before more of it is read. So a body that waits holds nothing that
/// another one waits for: each that has room comes to its end, and then those behind it have theirs, in the order in
/// which they came.
package final class BodyBudget: Sendable {
    private struct Waiter {
        let id: UInt64
        let bytes: Int
        let resume: @Sendable () -> Void
    }

    private struct State {
        var freeBytes: Int
        var lastID: UInt64 = 0
        /// Bytes by claim.
        var held: [UInt64: Int] = [:]
        var waiting: [Waiter] = []

        mutating func hold(_ bytes: Int, _ id: UInt64) {
            self.freeBytes -= bytes
            self.held[id] = bytes
        }

        /// Gives room to those who have waited longest. Nobody overtakes a large one, which would wait for ever.
        mutating func admit() -> ArraySlice<Waiter> {
            var count = 0
            while count < self.waiting.count, self.waiting[count].bytes <= self.freeBytes {
                self.hold(self.waiting[count].bytes, self.waiting[count].id)
                count += 1
            }
            let admitted = self.waiting.prefix(count)
            self.waiting.removeFirst(count)
            return admitted
        }
    }

    private let bytesMax: Int
    private let waitingCountMax: Int
    private let state: Mutex<State>

    private init(bytesMax: Int, waitingCountMax: Int) {
        self.bytesMax = bytesMax
        self.waitingCountMax = waitingCountMax
        self.state = Mutex(State(freeBytes: bytesMax))
    }

    package convenience init(_ limits: EdgeLimits) {
        self.init(bytesMax: limits.largeBodyBytesMax, waitingCountMax: limits.waitingBodyCountMax)
    }

    /// The budget of what is made of requests' bodies.
    package convenience init(inputsOf limits: EdgeLimits) {
        self.init(bytesMax: limits.largeInputBytesMax, waitingCountMax: limits.waitingBodyCountMax)
    }

    /// The budget of answers. None waits: a complete answer takes its memory already.
    package convenience init(answersOf limits: EdgeLimits) {
        self.init(bytesMax: limits.largeAnswerBytesMax, waitingCountMax: 0)
    }

    /// The bytes that are taken now.
    package var heldBytes: Int { self.bytesMax - self.state.withLock { $0.freeBytes } }
    /// How many bodies wait.
    package var waitingCount: Int { self.state.withLock { $0.waiting.count } }

    /// Takes room for a body, or a place in the queue; either is kept until the claim is released.
    /// - Parameters:
    ///   - bytes: the most that the body may become. One that is larger than the budget has its turn alone.
    ///   - resume: called once, from any thread, when a body that had to wait has its room.
    /// - Returns: nil if too many wait.
    package func claim(
        _ bytes: Int, resume: @escaping @Sendable () -> Void
    ) -> (claim: BodyClaim, hasRoom: Bool)? {
        let bytes = min(bytes, self.bytesMax)
        let taken: (id: UInt64, hasRoom: Bool)? = self.state.withLock { state in
            let hasRoom = state.waiting.isEmpty && bytes <= state.freeBytes
            guard hasRoom || state.waiting.count < self.waitingCountMax else { return nil }
            state.lastID += 1
            if hasRoom {
                state.hold(bytes, state.lastID)
            } else {
                state.waiting.append(Waiter(id: state.lastID, bytes: bytes, resume: resume))
            }
            return (id: state.lastID, hasRoom: hasRoom)
        }
        return taken.map { (claim: BodyClaim(id: $0.id, budget: self), hasRoom: $0.hasRoom) }
    }

    /// Takes room without waiting for it.
    /// - Returns: nil if there is none.
    func claimAtOnce(_ bytes: Int) -> BodyClaim? { self.claim(bytes, resume: {})?.claim }

    /// Gives back what a claim holds beyond `bytes`. One that waits leaves the queue.
    fileprivate func reduce(_ id: UInt64, to bytes: Int) {
        let admitted = self.state.withLock { state in
            if let held = state.held[id] {
                let kept = min(held, bytes)
                state.freeBytes += held - kept
                state.held[id] = kept > 0 ? kept : nil
            } else {
                state.waiting.removeAll { $0.id == id }
            }
            return state.admit()
        }
        for waiter in admitted { waiter.resume() }
    }
}

/// The room of one body, or its place in the queue. Whoever holds the body's bytes holds it too, and its end gives the
/// room back: no way in which a request ends can forget to.
package final class BodyClaim: Sendable {
    private let id: UInt64
    private let budget: BodyBudget

    fileprivate init(id: UInt64, budget: BodyBudget) {
        self.id = id
        self.budget = budget
    }

    /// The body is complete, and shorter than it might have been.
    package func keep(_ bytes: Int) {
        self.budget.reduce(self.id, to: bytes)
    }

    deinit {
        self.budget.reduce(self.id, to: 0)
    }
}
