internal import Synchronization

/// A number that only increases.
package final class Counter: Sendable {
    private let storage = Atomic<UInt64>(0)

    package init() {}

    package func increment(by amount: UInt64 = 1) {
        self.storage.wrappingAdd(amount, ordering: .relaxed)
    }

    package var value: UInt64 { self.storage.load(ordering: .relaxed) }
}

/// A number that can increase and decrease.
package final class Gauge: Sendable {
    private let storage = Atomic<Int64>(0)

    package init() {}

    package func set(_ value: Int64) {
        self.storage.store(value, ordering: .relaxed)
    }

    package func add(_ amount: Int64) {
        self.storage.wrappingAdd(amount, ordering: .relaxed)
    }

    package var value: Int64 { self.storage.load(ordering: .relaxed) }
}

/// A histogram of durations; its buckets suit requests from 50 microseconds to a minute.
package final class DurationHistogram: Sendable {
    /// The upper bounds in microseconds; one more bucket counts everything above the last.
    package static let boundsMicroseconds: [UInt64] = [
        50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000,
        60_000_000,
    ]

    private let buckets: [Counter]
    private let sumMicroseconds = Counter()

    package init() {
        self.buckets = (0...Self.boundsMicroseconds.count).map { _ in Counter() }
    }

    package func record(microseconds: UInt64) {
        var index = 0
        while index < Self.boundsMicroseconds.count, microseconds > Self.boundsMicroseconds[index] {
            index += 1
        }
        self.buckets[index].increment()
        self.sumMicroseconds.increment(by: microseconds)
    }

    /// The counts of the buckets, not cumulative, and the sum.
    package var snapshot: (counts: [UInt64], sumMicroseconds: UInt64) {
        (self.buckets.map(\.value), self.sumMicroseconds.value)
    }
}

/// Every metric of the process by name and labels, and its Prometheus text.
package final class MetricRegistry: Sendable {
    /// Further series are recorded as one, labelled `overflow="true"`, so that labels cannot fill memory.
    package static let seriesCountMax = 20_000

    private enum Metric {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(DurationHistogram)
    }

    private struct Family {
        var help: String
        var type: String
        var series: [(labels: [(String, String)], metric: Metric)] = []
    }

    private struct State {
        var families: [String: Family] = [:]
        var seriesCount = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// The name must end in `_total`, the convention of Prometheus and OpenMetrics for counters.
    package func counter(_ name: String, help: String, labels: [(String, String)] = []) -> Counter {
        let metric = self.register(name, help, "counter", labels) { .counter(Counter()) }
        guard case .counter(let counter) = metric else { preconditionFailure("\(name) is not a counter") }
        return counter
    }

    package func gauge(_ name: String, help: String, labels: [(String, String)] = []) -> Gauge {
        let metric = self.register(name, help, "gauge", labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = metric else { preconditionFailure("\(name) is not a gauge") }
        return gauge
    }

    package func histogram(_ name: String, help: String, labels: [(String, String)] = []) -> DurationHistogram {
        let metric = self.register(name, help, "histogram", labels) { .histogram(DurationHistogram()) }
        guard case .histogram(let histogram) = metric else { preconditionFailure("\(name) is not a histogram") }
        return histogram
    }

    private func register(
        _ name: String, _ help: String, _ type: String, _ labels: [(String, String)], _ make: () -> Metric
    ) -> Metric {
        self.state.withLock { state in
            var family = state.families[name] ?? Family(help: help, type: type)
            precondition(family.type == type, "metric \(name) was registered as a \(family.type)")
            func known(_ labels: [(String, String)]) -> Metric? {
                family.series.first { $0.labels.elementsEqual(labels, by: ==) }?.metric
            }
            if let metric = known(labels) { return metric }
            let isOverflow = state.seriesCount >= Self.seriesCountMax
            let wanted = isOverflow ? [("overflow", "true")] : labels
            if isOverflow, let metric = known(wanted) { return metric }
            let metric = make()
            family.series.append((wanted, metric))
            state.families[name] = family
            state.seriesCount += 1
            return metric
        }
    }

    /// The text exposition format 0.0.4, families sorted by name.
    package func exposition() -> String {
        let families = self.state.withLock { $0.families }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(Self.escaped(family.help))\n# TYPE \(name) \(family.type)\n"
            for (labels, metric) in family.series {
                Self.append(name, labels, metric, to: &text)
            }
        }
        return text
    }

    private static func append(_ name: String, _ labels: [(String, String)], _ metric: Metric, to text: inout String) {
        switch metric {
        case .counter(let counter):
            text += "\(name)\(self.render(labels)) \(counter.value)\n"
        case .gauge(let gauge):
            text += "\(name)\(self.render(labels)) \(gauge.value)\n"
        case .histogram(let histogram):
            let (counts, sum) = histogram.snapshot
            var cumulative: UInt64 = 0
            for (index, count) in counts.enumerated() {
                cumulative += count
                let bound =
                    index < DurationHistogram.boundsMicroseconds.count
                    ? "\(Double(DurationHistogram.boundsMicroseconds[index]) / 1_000_000)" : "+Inf"
                text += "\(name)_bucket\(self.render(labels + [("le", bound)])) \(cumulative)\n"
            }
            text += "\(name)_sum\(self.render(labels)) \(Double(sum) / 1_000_000)\n"
            text += "\(name)_count\(self.render(labels)) \(cumulative)\n"
        }
    }

    /// Labels in the exposition format, to follow a metric's name; empty without labels.
    package static func render(_ labels: [(String, String)]) -> String {
        guard !labels.isEmpty else { return "" }
        let parts = labels.map { name, value in
            "\(name)=\"\(self.escaped(value, isQuoted: true))\""
        }
        return "{" + parts.joined(separator: ",") + "}"
    }

    /// Quotes are escaped in label values, but not in help texts.
    private static func escaped(_ text: String, isQuoted: Bool = false) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"" where isQuoted: escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
