internal import Foundation

/// The pairs of one model and one number of streams.
struct PairedResult: Codable {
    /// What the project promises; for one stream and more.
    static let firstTokenMicrosecondsMax = 1000.0
    static let cpuMicrosecondsPerTokenMax = 40.0
    static let forwardMicrosecondsMax = 2000.0

    let model: String
    let streams: Int
    private(set) var directTokensPerSecond: [Double] = []
    private(set) var throughTokensPerSecond: [Double] = []
    private(set) var addedFirstTokenMicroseconds: [Double] = []
    private(set) var cpuMicrosecondsPerToken: [Double] = []
    /// From the engine's chunk to the client's, the wait that one chunk in a hundred exceeds; without Brume it is what
    /// the loopback and the client's own thread take.
    private(set) var directForwardP99Microseconds: [Double] = []
    private(set) var throughForwardP99Microseconds: [Double] = []

    init(model: String, streams: Int) {
        self.model = model
        self.streams = streams
    }

    mutating func append(direct: StreamSample, through: StreamSample) {
        self.directTokensPerSecond.append(direct.tokensPerSecond)
        self.throughTokensPerSecond.append(through.tokensPerSecond)
        self.addedFirstTokenMicroseconds.append(through.firstTokenMicroseconds - direct.firstTokenMicroseconds)
        if let cpu = through.cpuMicrosecondsPerToken { self.cpuMicrosecondsPerToken.append(cpu) }
    }

    /// - Parameters:
    ///   - directWaits: nanoseconds that chunks were under way from the relay to the client.
    ///   - throughWaits: the same with Brume between.
    mutating func append(directWaits: [Int64], throughWaits: [Int64]) {
        func p99(_ waits: [Int64]) -> Double? {
            var latencies = Latencies()
            for wait in waits { latencies.append(wait) }
            return latencies.metrics[.p99Microseconds]
        }
        if let wait = p99(directWaits) { self.directForwardP99Microseconds.append(wait) }
        if let wait = p99(throughWaits) { self.throughForwardP99Microseconds.append(wait) }
    }

    /// Through by direct, pair by pair.
    var ratios: [Double] { zip(self.throughTokensPerSecond, self.directTokensPerSecond).map { $0 / $1 } }

    /// Below this the mean ratio lies with a probability of 5 %: Student's t over the logarithms of the ratios.
    /// - Returns: nil for fewer than two pairs.
    var ratioLowerBound: Double? {
        let logarithms = self.ratios.map { log($0) }
        let count = Double(logarithms.count)
        guard count >= 2 else { return nil }
        let mean = logarithms.reduce(0, +) / count
        let variance = logarithms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        return exp(mean - Self.quantile(degrees: Int(count) - 1) * (variance / count).squareRoot())
    }

    /// The 95th percentile of Student's t; between the rows of the table the larger one is taken.
    private static func quantile(degrees: Int) -> Double {
        let table: [(Int, Double)] = [
            (100, 1.660), (60, 1.671), (40, 1.684), (30, 1.697), (24, 1.711), (19, 1.729), (14, 1.761), (9, 1.833),
            (4, 2.132), (2, 2.920),
        ]
        return table.first { degrees >= $0.0 }?.1 ?? 6.314
    }

    /// A table for people; where it is judged, with the promises that hold for every model.
    static func text(_ results: [PairedResult], isJudged: Bool) -> String {
        var rows = [
            [
                "model", "streams", "direct tokens/s", "through Brume", "ratio (lower 95 %)", "added to first token µs",
                "CPU µs each token", "chunk p99 µs", "the same direct",
            ]
        ]
        for result in results {
            let ratio = Spread(result.ratios).map { Spread.text($0.median) } ?? "-"
            let bound = result.ratioLowerBound.map { String(format: "%.3f", $0) } ?? "-"
            rows.append([
                result.model, String(result.streams), Spread(result.directTokensPerSecond)?.text ?? "-",
                Spread(result.throughTokensPerSecond)?.text ?? "-", "\(ratio) (\(bound))",
                self.judged(result.addedFirstTokenMicroseconds, self.firstTokenMicrosecondsMax, isJudged: isJudged),
                self.judged(result.cpuMicrosecondsPerToken, self.cpuMicrosecondsPerTokenMax, isJudged: isJudged),
                self.judged(result.throughForwardP99Microseconds, self.forwardMicrosecondsMax, isJudged: isJudged),
                Spread(result.directForwardP99Microseconds).map { Spread.text($0.median) } ?? "-",
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { $1.padding(toLength: widths[$0], withPad: " ", startingAt: 0) }
                .joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func judged(_ samples: [Double], _ limit: Double, isJudged: Bool) -> String {
        guard let spread = Spread(samples) else { return "-" }
        let text = spread.median < 0 ? String(format: "%.0f", spread.median) : Spread.text(spread.median)
        guard isJudged else { return text }
        return text + (spread.median <= limit ? " (met)" : " (over \(Spread.text(limit)))")
    }
}
