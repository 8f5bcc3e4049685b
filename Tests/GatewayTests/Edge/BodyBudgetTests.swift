import Gateway
import Primitives
import TestSupport
import Testing

/// The budget alone: who has room, who waits, and in which order.
@Suite struct `the memory for large bodies` {
    /// Claims by name, so that a test says when each ends.
    private final class Claimants: Sendable {
        let budget: BodyBudget
        /// Those who had to wait and have their room now, in order.
        let admitted = Shared<[String]>([])
        private let claims = Shared<[String: BodyClaim]>([:])

        init(bytesMax: Int, waitingCountMax: Int = 10) {
            var limits = EdgeLimits()
            limits.largeBodyBytesMax = bytesMax
            limits.waitingBodyCountMax = waitingCountMax
            self.budget = BodyBudget(limits)
        }

        /// - Returns: whether there is room at once; nil if the claim is refused.
        func claim(_ name: String, _ bytes: Int) -> Bool? {
            let admitted = self.admitted
            guard let (claim, hasRoom) = self.budget.claim(bytes, resume: { admitted.change { $0.append(name) } })
            else { return nil }
            self.claims.change { $0[name] = claim }
            return hasRoom
        }

        func keep(_ name: String, _ bytes: Int) {
            self.claims.current[name]?.keep(bytes)
        }

        func end(_ name: String) {
            self.claims.change { $0[name] = nil }
        }
    }

    @Test func `room is given in the order of asking, and a small body does not overtake a large one`() {
        let bodies = Claimants(bytesMax: 1_000)
        #expect(bodies.claim("a", 600) == true)
        #expect(bodies.claim("b", 600) == false)
        #expect(bodies.claim("c", 100) == false)
        #expect(bodies.budget.heldBytes == 600)
        #expect(bodies.budget.waitingCount == 2)
        bodies.end("a")
        #expect(bodies.admitted.current == ["b", "c"])
        #expect(bodies.budget.heldBytes == 700)
        bodies.end("b")
        bodies.end("c")
        #expect(bodies.budget.heldBytes == 0)
    }

    @Test func `one that ends while it waits leaves the queue, and those behind it have their turn`() {
        let bodies = Claimants(bytesMax: 1_000)
        #expect(bodies.claim("a", 600) == true)
        #expect(bodies.claim("b", 600) == false)
        #expect(bodies.claim("c", 400) == false)
        bodies.end("b")
        #expect(bodies.admitted.current == ["c"])
        #expect(bodies.budget.waitingCount == 0)
        #expect(bodies.budget.heldBytes == 1_000)
    }

    @Test func `one that is larger than the whole has its turn alone`() {
        let bodies = Claimants(bytesMax: 1_000)
        #expect(bodies.claim("a", 1) == true)
        #expect(bodies.claim("b", 5_000) == false)
        bodies.end("a")
        #expect(bodies.admitted.current == ["b"])
        #expect(bodies.claim("c", 1) == false)
        bodies.end("b")
        #expect(bodies.admitted.current == ["b", "c"])
    }

    @Test func `so many wait, and the next is refused`() {
        let bodies = Claimants(bytesMax: 1_000, waitingCountMax: 1)
        #expect(bodies.claim("a", 1_000) == true)
        #expect(bodies.claim("b", 1) == false)
        #expect(bodies.claim("c", 1) == nil)
        bodies.end("a")
        #expect(bodies.claim("c", 1) == true)
    }

    @Test func `what a body did not need is given back when it is complete`() {
        let bodies = Claimants(bytesMax: 1_000)
        #expect(bodies.claim("a", 1_000) == true)
        #expect(bodies.claim("b", 700) == false)
        bodies.keep("a", 300)
        #expect(bodies.admitted.current == ["b"])
        #expect(bodies.budget.heldBytes == 1_000)
        bodies.end("a")
        #expect(bodies.budget.heldBytes == 700)
    }

    // Those who wait in a task

    @Test func `a task has its room at once, or when its turn has come`() async {
        let bodies = Claimants(bytesMax: 1_000)
        let first = await bodies.budget.room(for: 400, within: .seconds(60))
        #expect(bodies.budget.heldBytes == 400)
        first?.keep(0)
        #expect(bodies.claim("a", 1_000) == true)
        let budget = bodies.budget
        async let second = budget.room(for: 700, within: .seconds(60))
        #expect(await eventually { budget.waitingCount == 1 })
        bodies.end("a")
        let room = await second
        #expect(budget.heldBytes == 700)
        withExtendedLifetime(room) {}
    }

    @Test func `a task that has waited too long leaves the queue, and so does one that is cancelled`() async {
        let bodies = Claimants(bytesMax: 1_000)
        #expect(bodies.claim("a", 1_000) == true)
        let budget = bodies.budget
        let isLate = await budget.room(for: 1, within: .milliseconds(1)) == nil
        #expect(isLate && budget.waitingCount == 0)
        let waiting = Task { await budget.room(for: 1, within: .seconds(60)) == nil }
        #expect(await eventually { budget.waitingCount == 1 })
        waiting.cancel()
        #expect(await waiting.value)
        #expect(budget.waitingCount == 0 && budget.heldBytes == 1_000)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `however many come and go on all threads, nothing is lost and nobody waits for ever`(own: UInt64) async {
        let seed = SeededRandomSource.testSeed(own)
        let random = SeededRandomSource(seed: seed)
        let sizes = (0..<400).map { _ in Int(random.next() % 1_500) + 1 }
        let bodies = Claimants(bytesMax: 1_000, waitingCountMax: sizes.count)
        let budget = bodies.budget
        await withTaskGroup { group in
            for size in sizes {
                group.addTask {
                    let gate = Gate()
                    guard let (claim, hasRoom) = budget.claim(size, resume: { gate.open() }) else {
                        Issue.record("seed \(seed): refused")
                        return
                    }
                    // Some leave the queue.
                    if !hasRoom, size % 7 > 0 { await gate.wait() }
                    #expect(budget.heldBytes <= 1_000, "seed \(seed)")
                    claim.keep(size / 2)
                }
            }
        }
        #expect(budget.heldBytes == 0, "seed \(seed)")
        #expect(budget.waitingCount == 0, "seed \(seed)")
    }
}
