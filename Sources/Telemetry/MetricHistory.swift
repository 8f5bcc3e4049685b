package import Primitives
internal import Synchronization

/// One measurement, or the aggregate of several within one minute, in CloudWatch's terms.
package struct MetricDatum: Sendable, Equatable {
    /// The namespace, such as `AWS/DynamoDB`.
    package var namespace: String
    package var name: String
    /// Sorted by name.
    package var dimensions: [Dimension]
    package var statistics: StatisticSet
    /// CloudWatch's `StandardUnit`, such as `Count` or `Milliseconds`.
    package var unit: String

    /// One of the name-value pairs that distinguish the series of one metric, as in CloudWatch.
    package struct Dimension: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The measurement, or the sum of several.
    package var value: Double { self.statistics.sum }

    package init(namespace: String, name: String, dimensions: [Dimension], statistics: StatisticSet, unit: String) {
        self.namespace = namespace
        self.name = name
        self.dimensions = dimensions
        self.statistics = statistics
        self.unit = unit
    }

    package init(namespace: String, name: String, dimensions: [Dimension], value: Double, unit: String) {
        self.init(
            namespace: namespace, name: name, dimensions: dimensions, statistics: StatisticSet(of: value), unit: unit)
    }
}

/// The aggregate of one series within one minute: CloudWatch's statistic set.
package struct StatisticSet: Sendable, Hashable {
    package var sampleCount: Double = 0
    package var sum: Double = 0
    package var minimum: Double = .infinity
    package var maximum: Double = -.infinity

    package init() {}

    /// Several samples of the same value.
    package init(of value: Double, samples: Int = 1) {
        guard samples > 0 else { return }
        self.sampleCount = Double(samples)
        self.sum = value * Double(samples)
        self.minimum = value
        self.maximum = value
    }

    package mutating func add(_ value: Double) {
        self.sampleCount += 1
        self.sum += value
        self.minimum = Swift.min(self.minimum, value)
        self.maximum = Swift.max(self.maximum, value)
    }

    package mutating func add(_ other: StatisticSet) {
        self.sampleCount += other.sampleCount
        self.sum += other.sum
        self.minimum = Swift.min(self.minimum, other.minimum)
        self.maximum = Swift.max(self.maximum, other.maximum)
    }
}

/// The last hours of every metric in memory: a statistic set for each minute.
///
/// Bounded in three ways: `minuteCountMax` for each series; `seriesCountMax` series, beyond which new ones are refused
/// and counted; and `ageMinutesMax`, relative to the newest measurement, after which minutes are dropped, and a series
/// with its last minute.
package final class MetricHistory: Sendable {
    package static let minuteCountMax = 180
    /// Three hours, as CloudWatch keeps high-resolution metrics.
    package static let ageMinutesMax: Int64 = 180
    package static let seriesCountMax = 10_000

    /// Identifies a series.
    package struct SeriesID: Sendable, Hashable {
        package var account: AccountID
        package var region: Region
        package var namespace: String
        package var name: String
        package var dimensions: [MetricDatum.Dimension]
        package var unit: String
    }

    private struct Series {
        /// Oldest first; minutes without a measurement are left out.
        var minutes: [(minute: Int64, set: StatisticSet)] = []

        /// The aggregate since the series began, including minutes that were dropped.
        var total = StatisticSet()

        mutating func add(_ set: StatisticSet, minute: Int64) {
            self.total.add(set)
            if let index = self.minutes.lastIndex(where: { $0.minute == minute }) {
                self.minutes[index].set.add(set)
                return
            }
            let place = (self.minutes.lastIndex { $0.minute < minute } ?? -1) + 1
            self.minutes.insert((minute, set), at: place)
            if self.minutes.count > MetricHistory.minuteCountMax {
                self.minutes.removeFirst()
            }
        }
    }

    private struct State {
        var series: [SeriesID: Series] = [:]
        /// The newest minute of all series: the present, as far as the history knows.
        var newestMinute = Int64.min

        /// Moves the present forward, and drops what is then too old: once a minute, over all series.
        mutating func advance(to minute: Int64) {
            guard minute > self.newestMinute else { return }
            self.newestMinute = minute
            let oldest = minute.subtractingReportingOverflow(MetricHistory.ageMinutesMax).partialValue
            for id in self.series.keys { self.series[id]?.minutes.removeAll { $0.minute <= oldest } }
            self.series = self.series.filter { !$0.value.minutes.isEmpty }
        }
    }

    private let state = Mutex(State())
    /// Measurements that were refused because there were too many series.
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
            // Looked up once: hashing an id is most of the work.
            if let index = state.series.index(forKey: id) {
                state.series.values[index].add(datum.statistics, minute: minute)
                return true
            }
            guard state.series.count < Self.seriesCountMax else { return false }
            state.series[id] = Series()
            state.series[id]?.add(datum.statistics, minute: minute)
            return true
        }
        if !isKept { self.refused.increment() }
    }

    /// The statistic sets of a series in a time range (its end is exclusive), by minute, oldest first.
    package func statistics(of id: SeriesID, from: Timestamp, to: Timestamp) -> [(minute: Timestamp, set: StatisticSet)]
    {
        let minutes = self.state.withLock { $0.series[id]?.minutes ?? [] }
        return minutes.compactMap { entry in
            let time = Timestamp(secondsSinceEpoch: entry.minute * 60)
            return time >= from && time < to ? (time, entry.set) : nil
        }
    }

    /// Every series that has a measurement, with its aggregate since it began.
    package var totals: [(id: SeriesID, total: StatisticSet)] {
        self.state.withLock { $0.series.map { ($0.key, $0.value.total) } }
    }
}
