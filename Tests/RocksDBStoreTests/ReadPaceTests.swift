import RocksDBStore
import Testing

@Suite struct ReadPaceTests {
    private func pace(after count: Int, each duration: Duration = .microseconds(20)) -> ReadPace {
        let pace = ReadPace()
        for _ in 0..<count { pace.note(duration) }
        return pace
    }

    @Test func `reads are done at once after a run of quick ones`() {
        #expect(!self.pace(after: ReadPace.creditMin - 1).isQuick)
        #expect(self.pace(after: ReadPace.creditMin).isQuick)
        #expect(!self.pace(after: 10_000, each: ReadPace.quickMax + .nanoseconds(1)).isQuick)
    }

    @Test func `one read that was run late changes nothing after many, several in a row do`() {
        let pace = self.pace(after: 10_000)
        pace.note(.microseconds(500))
        #expect(pace.isQuick)
        for _ in 0..<ReadPace.creditMax / ReadPace.slowCost { pace.note(.microseconds(500)) }
        #expect(!pace.isQuick)
        for _ in 0..<ReadPace.creditMin { pace.note(.microseconds(20)) }
        #expect(pace.isQuick)
    }

    @Test func `a read that waited for a disk that turns is dear`() {
        let pace = self.pace(after: 10_000)
        pace.note(ReadPace.slowMax + .nanoseconds(1))
        for _ in 0..<ReadPace.verySlowCost - 1 { pace.note(.microseconds(20)) }
        #expect(!pace.isQuick)
        pace.note(.microseconds(20))
        #expect(pace.isQuick)
    }

    @Test func `slow reads without a debt owe nothing`() {
        let pace = self.pace(after: 10_000, each: .microseconds(500))
        for _ in 0..<ReadPace.creditMin { pace.note(.microseconds(20)) }
        #expect(pace.isQuick)
    }
}
