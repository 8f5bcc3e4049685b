/// One row of the report: something that is sampled once a round.
protocol Measurement {
    /// The row's name; the same name in two files means the same thing.
    var name: String { get }
    /// Connections or writers at once; nil where there is only one of them.
    var concurrency: Int? { get }

    /// Measures for about that long.
    /// - Throws: when an answer was wrong; a run with wrong answers has no figures.
    func sample(seconds: Double) async throws -> [Metric: Double]
}

/// What one number of a sample says.
enum Metric: String, Codable, CodingKeyRepresentable, CaseIterable {
    /// Requests, commits or syncs per second of wall time.
    case perSecond
    /// CPU of all threads of the process that did the work, for one request or commit.
    case cpuMicroseconds
    /// The median wait for one answer.
    case p50Microseconds
    /// The wait that one answer in a hundred exceeds.
    case p99Microseconds
    /// CPU of the calling thread for one call.
    case nanosecondsPerCall

    /// The heading of its column.
    var heading: String {
        switch self {
        case .perSecond: "per second"
        case .cpuMicroseconds: "CPU µs each"
        case .p50Microseconds: "p50 µs"
        case .p99Microseconds: "p99 µs"
        case .nanosecondsPerCall: "CPU ns per call"
        }
    }

    /// Whether a larger figure is the better one.
    var isBetterLarger: Bool { self == .perSecond }
}

/// How long single answers took.
struct Latencies {
    private var nanoseconds: [Int64] = []

    init(reserving capacity: Int = 1 << 16) {
        self.nanoseconds.reserveCapacity(capacity)
    }

    var count: Int { self.nanoseconds.count }

    mutating func append(_ value: Int64) {
        self.nanoseconds.append(value)
    }

    mutating func append(contentsOf other: Latencies) {
        self.nanoseconds.append(contentsOf: other.nanoseconds)
    }

    /// The 50th and the 99th percentile, in microseconds; nothing where nothing was measured.
    /// - Complexity: O(n log n).
    var metrics: [Metric: Double] {
        guard !self.nanoseconds.isEmpty else { return [:] }
        let sorted = self.nanoseconds.sorted()
        func percentile(_ share: Double) -> Double {
            Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1000
        }
        return [.p50Microseconds: percentile(0.5), .p99Microseconds: percentile(0.99)]
    }
}
