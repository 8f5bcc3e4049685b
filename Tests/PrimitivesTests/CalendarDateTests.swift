import Primitives
import TestSupport
import Testing

@Suite struct CalendarDateTests {
    struct Case: Sendable {
        let milliseconds: Int64
        let date: CalendarDate
        /// 0 is Sunday.
        let weekday: Int

        init(_ milliseconds: Int64, _ date: [Int], weekday: Int) {
            self.milliseconds = milliseconds
            self.date = CalendarDate(
                year: date[0], month: date[1], day: date[2], hour: date[3], minute: date[4], second: date[5],
                millisecond: date[6])
            self.weekday = weekday
        }
    }

    static let cases: [Case] = [
        Case(0, [1970, 1, 1, 0, 0, 0, 0], weekday: 4),
        Case(-1, [1969, 12, 31, 23, 59, 59, 999], weekday: 3),
        Case(951_782_400_000, [2000, 2, 29, 0, 0, 0, 0], weekday: 2),
        Case(951_868_799_999, [2000, 2, 29, 23, 59, 59, 999], weekday: 2),
        Case(1_440_938_160_000, [2015, 8, 30, 12, 36, 0, 0], weekday: 0),
        Case(4_107_542_400_000, [2100, 3, 1, 0, 0, 0, 0], weekday: 1),
        Case(-2_203_891_200_000, [1900, 3, 1, 0, 0, 0, 0], weekday: 4),
        Case(253_402_300_799_999, [9999, 12, 31, 23, 59, 59, 999], weekday: 5),
        Case(-62_135_596_800_000, [1, 1, 1, 0, 0, 0, 0], weekday: 1),
        Case(-62_167_219_200_001, [-1, 12, 31, 23, 59, 59, 999], weekday: 5),
    ]

    @Test(arguments: cases)
    func `a timestamp is that date, that time and that day of the week`(_ item: Case) {
        let timestamp = Timestamp(millisecondsSinceEpoch: item.milliseconds)
        #expect(CalendarDate(timestamp) == item.date)
        #expect(item.date.timestamp == timestamp)
        #expect(item.date.weekdayIndex == item.weekday)
    }

    @Test(arguments: [
        (1900, 2, 28), (2000, 2, 29), (2023, 2, 28), (2024, 2, 29), (2100, 2, 28), (2024, 4, 30), (2024, 12, 31),
        (2024, 1, 31), (0, 2, 29),
    ])
    func `a month has its days, leap years regarded, and no more`(_ year: Int, _ month: Int, _ count: Int) {
        #expect(CalendarDate.dayCount(year: year, month: month) == count)
        #expect(CalendarDate(year: year, month: month, day: count).isValid)
        #expect(!CalendarDate(year: year, month: month, day: count + 1).isValid)
    }

    @Test(arguments: [
        CalendarDate(year: 2024, month: 0, day: 1), CalendarDate(year: 2024, month: 13, day: 1),
        CalendarDate(year: 2024, month: 1, day: 0), CalendarDate(year: 2024, month: 1, day: 1, hour: 24),
        CalendarDate(year: 2024, month: 1, day: 1, minute: 60), CalendarDate(year: 2024, month: 1, day: 1, second: 60),
        CalendarDate(year: 2024, month: 1, day: 1, millisecond: 1000), CalendarDate(year: 10_000, month: 1, day: 1),
        CalendarDate(year: -1, month: 1, day: 1), CalendarDate(year: 2024, month: 1, day: 1, hour: -1),
    ])
    func `a date that no calendar has is told`(_ date: CalendarDate) {
        #expect(!date.isValid)
    }

    @Test func `any time comes back, and the day after is the next`() {
        let seed = SeededRandomSource.testSeed(0xDA7E)
        let random = SeededRandomSource(seed: seed)
        for _ in 0..<5000 {
            let milliseconds = Int64(bitPattern: random.next()) % 400_000_000_000_000
            let timestamp = Timestamp(millisecondsSinceEpoch: milliseconds)
            let date = CalendarDate(timestamp)
            #expect(date.timestamp == timestamp, "seed \(seed)")
            let next = CalendarDate(Timestamp(millisecondsSinceEpoch: milliseconds + 86_400_000))
            #expect(next.daysSinceEpoch == date.daysSinceEpoch + 1, "seed \(seed)")
            #expect(next.weekdayIndex == (date.weekdayIndex + 1) % 7, "seed \(seed)")
        }
    }
}
