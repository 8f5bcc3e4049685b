import Primitives
import Signing
import Testing

@Suite struct ReplayWindowTests {
    private static let now = Timestamp(secondsSinceEpoch: 1_700_000_000)

    @Test func `each number of a sender is taken once, in whatever order`() throws {
        var window = ReplayWindow()
        for number in [5, 4, 9, 8, 1, 300, 7] as [UInt64] {
            try window.admit(sender: 1, sequence: number, now: Self.now)
        }
        for number in [5, 4, 9, 8, 1, 300, 7] as [UInt64] {
            #expect(throws: ForwardError.replayed) {
                try window.admit(sender: 1, sequence: number, now: Self.now)
            }
        }
        try window.admit(sender: 2, sequence: 5, now: Self.now)
    }

    @Test func `what is further behind than the window is refused`() throws {
        var window = ReplayWindow()
        let width = ReplayWindow.width
        try window.admit(sender: 1, sequence: width + 10, now: Self.now)
        try window.admit(sender: 1, sequence: 11, now: Self.now)
        #expect(throws: ForwardError.replayed) { try window.admit(sender: 1, sequence: 10, now: Self.now) }
        // A leap clears what stood there before.
        try window.admit(sender: 1, sequence: 5 * width, now: Self.now)
        try window.admit(sender: 1, sequence: 4 * width + 1, now: Self.now)
        #expect(throws: ForwardError.replayed) { try window.admit(sender: 1, sequence: 4 * width, now: Self.now) }
    }

    @Test func `a random order is taken once, against a set of all numbers`() throws {
        let seed: UInt64 = 11
        let random = SeededRandomSource(seed: seed)
        var window = ReplayWindow()
        var seen: Set<UInt64> = []
        var highest: UInt64 = 0
        for round in 0..<20_000 {
            let number = highest &+ random.next() % 90 + 1 - min(highest, 40)
            let isNew = seen.insert(number).inserted
            highest = max(highest, number)
            do throws(ForwardError) {
                try window.admit(sender: 1, sequence: number, now: Self.now)
                #expect(isNew, "seed \(seed), round \(round)")
            } catch {
                #expect(!isNew, "seed \(seed), round \(round)")
            }
        }
    }

    @Test func `senders are bounded, and those that are silent are forgotten`() throws {
        var window = ReplayWindow()
        for sender in 0..<UInt64(ReplayWindow.senderCountMax) {
            try window.admit(sender: sender, sequence: 1, now: Self.now)
        }
        #expect(throws: ForwardError.tooManySenders) {
            try window.admit(sender: 1000, sequence: 1, now: Self.now)
        }
        let later = Self.now.advanced(byMilliseconds: 100_001)
        try window.admit(sender: 1000, sequence: 1, now: later)
        #expect(throws: ForwardError.replayed) { try window.admit(sender: 1000, sequence: 1, now: later) }
    }
}
