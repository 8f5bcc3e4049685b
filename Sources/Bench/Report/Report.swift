internal import Foundation

/// All figures of one run, in the form in which they are kept.
struct Report: Codable {
    /// Raised when a file of an older form can no longer be compared.
    static let formatVersion = 1

    var format = Self.formatVersion
    var conditions: Conditions
    var rows: [Row]
    var bars: [JudgedBar]

    func row(_ name: String, _ concurrency: Int?) -> Row? {
        self.rows.first { $0.name == name && $0.concurrency == concurrency }
    }

    /// Reads a file that `write` made.
    static func read(from path: String) throws -> Report {
        let report: Report
        do {
            report = try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw BenchError("\(path) holds no figures of this program: \(error.localizedDescription)")
        }
        guard report.format == self.formatVersion else {
            throw BenchError("\(path) is of form \(report.format), this program writes form \(self.formatVersion)")
        }
        return report
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: URL(fileURLWithPath: path))
    }
}

/// One row: the samples of each metric, a sample a round.
struct Row: Codable {
    let name: String
    let concurrency: Int?
    private(set) var samples: [Metric: [Double]] = [:]

    init(name: String, concurrency: Int?) {
        self.name = name
        self.concurrency = concurrency
    }

    /// The name with what was at work at once.
    var title: String { self.concurrency.map { "\(self.name), \($0) at once" } ?? self.name }

    mutating func append(_ sample: [Metric: Double]) {
        for (metric, value) in sample { self.samples[metric, default: []].append(value) }
    }

    func spread(_ metric: Metric) -> Spread? {
        self.samples[metric].flatMap(Spread.init)
    }
}

/// The median of several samples, and the least and the greatest of them.
struct Spread: Codable {
    let median: Double
    let least: Double
    let greatest: Double

    /// - Returns: nil without samples.
    init?(_ samples: [Double]) {
        let sorted = samples.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        let middle = sorted.count / 2
        self.median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        self.least = first
        self.greatest = last
    }

    /// Such as `14.7 (14.3–15.1)`; one sample has no spread.
    var text: String {
        guard self.least < self.greatest else { return Self.text(self.median) }
        return "\(Self.text(self.median)) (\(Self.text(self.least))–\(Self.text(self.greatest)))"
    }

    /// Three digits that say something, thousands apart.
    static func text(_ value: Double) -> String {
        if value < 9.995 { return String(format: "%.2f", value) }
        if value < 99.95 { return String(format: "%.1f", value) }
        var digits = String(format: "%.0f", value)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(Substring(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([Substring(digits)] + groups).joined(separator: ",")
    }
}
