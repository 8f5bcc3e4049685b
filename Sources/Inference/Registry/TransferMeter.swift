/// Formats sizes for display.
package enum ByteCount {
    private static let units = ["bytes", "KB", "MB", "GB", "TB"]

    /// Three digits and a unit in powers of 1000, as disk vendors and hubs use them: `4.92 GB`.
    package static func text(_ bytes: Int64) -> String {
        guard bytes >= 1000 else { return "\(bytes) bytes" }
        var value = Double(bytes)
        var unit = 0
        while value >= 999.5, unit < self.units.count - 1 {
            value /= 1000
            unit += 1
        }
        let decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
        return "\(Self.fixed(value, decimals)) \(self.units[unit])"
    }

    private static func fixed(_ value: Double, _ decimals: Int) -> String {
        let scale = [1, 10, 100][decimals]
        let scaled = Int((value * Double(scale)).rounded())
        guard decimals > 0 else { return String(scaled) }
        let rest = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: decimals - rest.utf8.count) + rest
    }
}

/// The rate and the remaining time of a transfer, from samples of its progress. Pure: times are passed in.
package struct TransferMeter: Sendable {
    /// The rate is measured over the last seconds, since the speed of a network varies.
    static let windowSeconds = 10.0
    /// The maximum number of samples in the window.
    static let pointCountMax = 64
    /// Over less time a rate says nothing: the first bytes often wait in a buffer and arrive at once.
    static let rateSecondsMin = 1.0

    private struct Point {
        var seconds: Double
        var bytes: Int64
    }

    private var points: [Point] = []
    /// The latest sample, which need not be among the points.
    private var latest: Point?

    package init() {}

    /// Adds a sample: the bytes transferred at that time.
    package mutating func add(bytes: Int64, seconds: Double) {
        if let latest = self.latest, bytes < latest.bytes { self.points = [] }
        let sample = Point(seconds: seconds, bytes: bytes)
        self.latest = sample
        let spacing = Self.windowSeconds / Double(Self.pointCountMax)
        if let last = self.points.last, seconds - last.seconds < spacing { return }
        self.points.append(sample)
        while self.points.count > 2, seconds - self.points[0].seconds > Self.windowSeconds { self.points.removeFirst() }
    }

    /// nil before the samples span `rateSecondsMin`.
    package var bytesPerSecond: Double? {
        guard let first = self.points.first, let latest = self.latest else { return nil }
        let seconds = latest.seconds - first.seconds
        guard seconds >= Self.rateSecondsMin else { return nil }
        return Double(latest.bytes - first.bytes) / seconds
    }

    /// The time until `totalBytes` are transferred; nil if unknown.
    package func secondsLeft(totalBytes: Int64) -> Double? {
        guard let rate = self.bytesPerSecond, rate > 0, let latest = self.latest else { return nil }
        return Double(max(0, totalBytes - latest.bytes)) / rate
    }

    /// `1 h 05 min`, `4 min 10 s`, `8 s`.
    package static func text(seconds: Double) -> String {
        let whole = Int(min(seconds.rounded(.up), 359_999))
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        if hours > 0 { return "\(hours) h \(two(minutes)) min" }
        return minutes > 0 ? "\(minutes) min \(two(rest)) s" : "\(rest) s"
    }

    /// A shorter bar shows nothing.
    private static let barWidthMin = 5
    private static let barWidthMax = 30

    /// One line for a terminal with `columns` columns: a bar, per cent, sizes, rate and time left, or those of them
    /// that it has room for.
    package func line(_ report: TransferReport, columns: Int) -> String {
        // Some terminals wrap a line that fills the last column.
        let width = max(1, columns - 1)
        let sizes = ByteCount.text(report.doneBytes) + (report.totalBytes.map { " of \(ByteCount.text($0))" } ?? "")
        let rate = self.bytesPerSecond.map { ", \(ByteCount.text(Int64($0)))/s" } ?? ""
        guard let total = report.totalBytes, total > 0 else {
            let what = "\(report.activity) \(report.fileName)"
            return Self.fitting(width, ["\(what)  \(sizes)\(rate)", "\(sizes)\(rate)", sizes])
        }
        let part = min(1, max(0, Double(report.doneBytes) / Double(total)))
        let percent = "\(Int(part * 100)) %"
        let seconds = self.secondsLeft(totalBytes: total) ?? 0
        let left = seconds > 0 ? ", \(Self.text(seconds: seconds)) left" : ""
        let words = "\(percent)  \(sizes)\(rate)\(left)"
        let barWidth = min(Self.barWidthMax, width - words.count - "[] ".count)
        guard barWidth >= Self.barWidthMin else {
            return Self.fitting(width, [words, "\(percent)  \(sizes)\(left)", "\(percent)\(left)", percent])
        }
        let filled = Int(part * Double(barWidth))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: barWidth - filled)
        return "[\(bar)] \(words)"
    }

    /// The first line that fits, or the beginning of the last.
    private static func fitting(_ width: Int, _ lines: [String]) -> String {
        lines.first { $0.count <= width } ?? String((lines.last ?? "").prefix(width))
    }
}
