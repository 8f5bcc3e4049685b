package import Primitives
internal import Synchronization

/// One measurement in CloudWatch's terms.
package struct MetricDatum: Sendable, Hashable {
    /// Such as `AWS/DynamoDB`.
    package var namespace: String
    package var name: String
    /// Sorted by name.
    package var dimensions: [Dimension]
    package var value: Double
    /// CloudWatch's `StandardUnit`, such as `Count` or `Milliseconds`.
    package var unit: String

    /// One of the names that tell series of one metric apart, as in CloudWatch.
    package struct Dimension: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(namespace: String, name: String, dimensions: [Dimension], value: Double, unit: String) {
        self.namespace = namespace
        self.name = name
        self.dimensions = dimensions
        self.value = value
        self.unit = unit
    }
}

/// What one minute of one series adds up to; CloudWatch's statistic set.
package struct StatisticSet: Sendable, Hashable {
    package var sampleCount: Double = 0
    package var sum: Double = 0
    package var minimum: Double = .infinity
    package var maximum: Double = -.infinity

    package init() {}

    package mutating func add(_ value: Double) {
        self.sampleCount += 1
        self.sum += value
        self.minimum = Swift.min(self.minimum, value)
        self.maximum = Swift.max(self.maximum, value)
    }
}

/// The last hours of every metric, a statistic set a minute, in memory.
///
/// Bounded thrice: `minuteCountMax` a series; `seriesCountMax` series, beyond which a new one is refused and counted;
/// `ageMinutesMax`: what is older than the newest measurement by more goes, and a series with its last minute.
package final class MetricHistory: Sendable {
    package static let minuteCountMax = 180
    /// Three hours, as CloudWatch keeps measurements of seconds.
    package static let ageMinutesMax: Int64 = 180
    package static let seriesCountMax = 10_000

    /// What a series is found by.
    package struct SeriesID: Sendable, Hashable {
        package var account: AccountID
        package var region: Region
        package var namespace: String
        package var name: String
        package var dimensions: [MetricDatum.Dimension]
        package var unit: String
    }

    private struct Series {
        /// Newest last; minutes without a measurement are not there.
        var minutes: [(minute: Int64, set: StatisticSet)] = []

        mutating func add(_ value: Double, minute: Int64) {
            if let index = self.minutes.lastIndex(where: { $0.minute == minute }) {
                self.minutes[index].set.add(value)
                return
            }
            var set = StatisticSet()
            set.add(value)
            let place = (self.minutes.lastIndex { $0.minute < minute } ?? -1) + 1
            self.minutes.insert((minute, set), at: place)
            if self.minutes.count > MetricHistory.minuteCountMax {
                self.minutes.removeFirst()
            }
        }
    }

    private struct State {
        var series: [SeriesID: Series] = [:]
        /// The newest minute of all series, which is the present as far as the history knows.
        var newestMinute = Int64.min

        /// Moves the present on and forgets what is too old then: once a minute, over all series.
        mutating func advance(to minute: Int64) {
            guard minute > self.newestMinute else { return }
            self.newestMinute = minute
            let oldest = minute.subtractingReportingOverflow(MetricHistory.ageMinutesMax).partialValue
            for id in self.series.keys { self.series[id]?.minutes.removeAll { $0.minute <= oldest } }
            self.series = self.series.filter { !$0.value.minutes.isEmpty }
        }
    }

    private let state = Mutex(State())
    /// Measurements refused because there were too many series.
    package let refused = Counter()

    package init() {}

    package func record(_ datum: MetricDatum, account: AccountID, region: Region, time: Timestamp) {
        let id = SeriesID(
            account: account,
            region: region,
            namespace: datum.namespace,
            name: datum.name,
            dimensions: datum.dimensions,
            unit: datum.unit
        )
        let minute = time.secondsSinceEpoch.flooredQuotient(60)
        let isKept = self.state.withLock { state in
            state.advance(to: minute)
            guard state.series[id] != nil || state.series.count < Self.seriesCountMax else { return false }
            state.series[id, default: Series()].add(datum.value, minute: minute)
            return true
        }
        if !isKept { self.refused.increment() }
    }

    /// The statistic sets of a series from one time up to, not including, another; by minute, oldest first.
    package func statistics(of id: SeriesID, from: Timestamp, to: Timestamp) -> [(minute: Timestamp, set: StatisticSet)]
    {
        let minutes = self.state.withLock { $0.series[id]?.minutes ?? [] }
        return minutes.compactMap { entry in
            let time = Timestamp(secondsSinceEpoch: entry.minute * 60)
            return time >= from && time < to ? (time, entry.set) : nil
        }
    }

    /// Every series that has a measurement.
    package var seriesIDs: [SeriesID] {
        self.state.withLock { Array($0.series.keys) }
    }
}
