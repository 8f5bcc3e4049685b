/// A report as people read it.
enum ReportText {
    private static let servedMetrics: [Metric] = [.perSecond, .cpuMicroseconds, .p50Microseconds, .p99Microseconds]

    /// Conditions, rows and bars; the headings are those of the bars' names and figures.
    static func text(
        _ report: Report, barHeadings: [String] = ["bar, at \(Bar.concurrency) at once", "ratio"]
    ) -> String {
        let served = report.rows.filter { $0.samples[.perSecond] != nil }
        let calls = report.rows.filter { $0.samples[.nanosecondsPerCall] != nil }
        var parts = [report.conditions.lines.joined(separator: "\n")]
        if !served.isEmpty { parts.append(self.table(served, self.servedMetrics)) }
        if !calls.isEmpty { parts.append(self.table(calls, [.nanosecondsPerCall])) }
        parts.append(self.bars(report.bars, barHeadings))
        return parts.joined(separator: "\n\n")
    }

    /// The first column flush left, the others flush right.
    static func aligned(_ lines: [[String]]) -> String {
        let widths = (lines.first ?? []).indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            let padded = cells.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + space : space + cell
            }
            return padded.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func table(_ rows: [Row], _ metrics: [Metric]) -> String {
        let head = ["row", "at once"] + metrics.map(\.heading)
        let lines = rows.map { row in
            [row.name, row.concurrency.map(String.init) ?? ""] + metrics.map { row.spread($0)?.text ?? "" }
        }
        return self.aligned([head] + lines)
    }

    private static func bars(_ bars: [JudgedBar], _ headings: [String]) -> String {
        let lines = bars.map { bar in
            [
                bar.name, bar.ratio?.text ?? "not measured", bar.limit,
                bar.isMet.map { $0 ? "met" : "NOT MET" } ?? "",
            ]
        }
        return self.aligned([headings + ["limit", ""]] + lines)
    }
}
