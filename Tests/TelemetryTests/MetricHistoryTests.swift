import Primitives
import Telemetry
import Testing

@Suite struct MetricHistoryTests {
    private let history = MetricHistory()
    /// The beginning of a minute.
    private static let start: Int64 = 1_700_000_040

    private static func datum(_ value: Double, name: String = "ConsumedReadCapacityUnits", table: String = "t")
        -> MetricDatum
    {
        MetricDatum(
            namespace: "AWS/DynamoDB", name: name, dimensions: [.init("TableName", table)], value: value, unit: "Count")
    }

    /// The series of that table, as the history names it.
    private func id(table: String = "t") -> MetricHistory.SeriesID? {
        self.history.totals.map(\.id).first {
            $0.account == .standard && $0.region == .standard && $0.name == "ConsumedReadCapacityUnits"
                && $0.dimensions == [.init("TableName", table)]
        }
    }

    private func record(_ datum: MetricDatum, second: Int64) {
        self.history.record(
            datum, account: .standard, region: .standard, time: Timestamp(secondsSinceEpoch: Self.start + second))
    }

    private func statistics(from: Int64 = -1_000_000, to: Int64 = 1_000_000) -> [(second: Int64, set: StatisticSet)] {
        guard let id = self.id() else { return [] }
        return self.history.statistics(
            of: id, from: Timestamp(secondsSinceEpoch: Self.start + from),
            to: Timestamp(secondsSinceEpoch: Self.start + to)
        ).map { ($0.minute.secondsSinceEpoch - Self.start, $0.set) }
    }

    @Test func `the measurements of a minute add up to CloudWatch's statistic set`() {
        for (second, value) in [(0, 2.0), (59, -1), (30, 5), (60, 7)] as [(Int64, Double)] {
            self.record(Self.datum(value), second: second)
        }
        let minutes = self.statistics()
        #expect(minutes.map(\.second) == [0, 60])
        let set = minutes[0].set
        #expect([set.sampleCount, set.sum, set.minimum, set.maximum] == [3, 6, -1, 5])
        #expect(minutes[1].set.sum == 7)
    }

    @Test func `minutes come oldest first, also when they were recorded in another order`() {
        for second in [120, 0, 180, 60, 0] as [Int64] { self.record(Self.datum(1), second: second) }
        #expect(self.statistics().map(\.second) == [0, 60, 120, 180])
        #expect(self.statistics()[0].set.sampleCount == 2)
    }

    @Test func `a span holds its first minute and not its last`() {
        for second in [0, 60, 120] as [Int64] { self.record(Self.datum(1), second: second) }
        #expect(self.statistics(from: 0, to: 120).map(\.second) == [0, 60])
        #expect(self.statistics(from: 1, to: 121).map(\.second) == [60, 120])
        #expect(self.statistics(from: 60, to: 60).isEmpty)
    }

    @Test func `a series keeps the newest minutes up to its bound`() {
        let max = Int64(MetricHistory.minuteCountMax)
        for minute in 0..<max { self.record(Self.datum(1), second: minute * 60) }
        #expect(self.statistics().count == MetricHistory.minuteCountMax)
        self.record(Self.datum(1), second: max * 60)
        #expect(self.statistics().count == MetricHistory.minuteCountMax)
        #expect(self.statistics().first?.second == 60)
        // Older than all: there is no room for it.
        self.record(Self.datum(1), second: -60)
        #expect(self.statistics().first?.second == 60)
        #expect(self.history.refused.value == 0)
    }

    @Test func `series differ by account, region, name, dimensions and unit`() throws {
        self.record(Self.datum(1), second: 0)
        self.record(Self.datum(1, name: "ThrottledRequests"), second: 0)
        self.record(Self.datum(1, table: "u"), second: 0)
        let time = Timestamp(secondsSinceEpoch: Self.start)
        let region = try #require(Region("eu-west-1"))
        let account = try #require(AccountID("111122223333"))
        self.history.record(Self.datum(1), account: .standard, region: region, time: time)
        self.history.record(Self.datum(1), account: account, region: .standard, time: time)
        #expect(self.history.totals.count == 5)
        #expect(self.statistics().map(\.set.sampleCount) == [1])
    }

    @Test func `too many series are refused and counted, and those that are known go on`() throws {
        for index in 0..<MetricHistory.seriesCountMax { self.record(Self.datum(1, table: "\(index)"), second: 0) }
        #expect(self.history.refused.value == 0)
        self.record(Self.datum(1, table: "new"), second: 0)
        self.record(Self.datum(1, table: "newer"), second: 0)
        #expect(self.history.refused.value == 2)
        #expect(self.history.totals.count == MetricHistory.seriesCountMax)
        self.record(Self.datum(1, table: "0"), second: 60)
        #expect(self.history.refused.value == 2)
        let known = self.history.statistics(
            of: try #require(self.id(table: "0")), from: Timestamp(secondsSinceEpoch: 0),
            to: Timestamp(secondsSinceEpoch: Self.start + 120))
        #expect(known.count == 2)
    }

    @Test func `a series goes when its last measurement is too old, and makes room for another`() {
        let age = MetricHistory.ageMinutesMax * 60
        for index in 0..<MetricHistory.seriesCountMax { self.record(Self.datum(1, table: "\(index)"), second: 0) }
        self.record(Self.datum(1, table: "0"), second: age - 60)
        #expect(self.history.totals.count == MetricHistory.seriesCountMax)
        self.record(Self.datum(1, table: "new"), second: age)
        #expect(self.history.totals.count == 2)
        #expect(self.history.refused.value == 0)
    }

    @Test func `a minute that is too old goes from a series that lives on`() {
        self.record(Self.datum(1), second: 0)
        self.record(Self.datum(1), second: MetricHistory.ageMinutesMax * 60 - 60)
        #expect(self.statistics().count == 2)
        self.record(Self.datum(1), second: MetricHistory.ageMinutesMax * 60)
        #expect(self.statistics().map(\.second) == [10_740, 10_800])
    }

    @Test func `a history without measurements has no series`() {
        #expect(self.history.totals.isEmpty)
    }
}
