import Primitives
import Testing

@Suite struct WallClockTests {
    @Test(arguments: [(0, 0), (999, 0), (1000, 1), (-1, -1), (-1000, -1), (-1001, -2)] as [(Int64, Int64)])
    func `whole seconds are rounded down, before 1970 too`(_ milliseconds: Int64, _ seconds: Int64) {
        #expect(Timestamp(millisecondsSinceEpoch: milliseconds).secondsSinceEpoch == seconds)
    }

    @Test(
        arguments: [(7, 2, 3), (-7, 2, -4), (7, -2, -4), (-7, -2, 3), (6, 3, 2), (-6, 3, -2)] as [(Int64, Int64, Int64)]
    )
    func `a floored quotient is never above the exact one`(_ value: Int64, _ divisor: Int64, _ quotient: Int64) {
        #expect(value.flooredQuotient(divisor) == quotient)
    }

    @Test func `a manual clock stands until it is told otherwise`() {
        let clock = ManualClock(Timestamp(secondsSinceEpoch: 5))
        #expect(clock.now() == clock.now())
        clock.advance(milliseconds: 250)
        #expect(clock.now().millisecondsSinceEpoch == 5250)
        clock.set(Timestamp(secondsSinceEpoch: 1))
        #expect(clock.now() < Timestamp(secondsSinceEpoch: 5))
    }

    @Test func `the machine's clock is past 2020`() {
        #expect(SystemClock().now() > CalendarDate(year: 2020, month: 1, day: 1).timestamp)
    }
}
