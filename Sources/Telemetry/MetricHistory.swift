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
/// Bounded twice: `minuteCountMax` a series and `seriesCountMax` series; a new one beyond that is refused and counted.
package final class MetricHistory: Sendable {
    package static let minuteCountMax = 180
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

    private let series = Mutex<[SeriesID: Series]>([:])
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
        let isKept = self.series.withLock { series in
            guard series[id] != nil || series.count < Self.seriesCountMax else { return false }
            series[id, default: Series()].add(datum.value, minute: minute)
            return true
        }
        if !isKept { self.refused.increment() }
    }

    /// The statistic sets of a series from one time up to, not including, another; by minute, oldest first.
    package func statistics(of id: SeriesID, from: Timestamp, to: Timestamp) -> [(minute: Timestamp, set: StatisticSet)]
    {
        let minutes = self.series.withLock { $0[id]?.minutes ?? [] }
        return minutes.compactMap { entry in
            let time = Timestamp(secondsSinceEpoch: entry.minute * 60)
            return time >= from && time < to ? (time, entry.set) : nil
        }
    }

    /// Every series that has a measurement.
    package var seriesIDs: [SeriesID] {
        self.series.withLock { Array($0.keys) }
    }
}
