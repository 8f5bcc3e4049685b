/// What changed since an earlier run.
enum ComparisonText {
    /// The ratio of the medians, new to old, of each metric that both runs have.
    static func text(_ report: Report, earlier: Report) -> String {
        var lines = [["ratio to \(earlier.conditions.time)", "at once"] + Metric.allCases.map(\.heading)]
        for row in report.rows {
            guard let old = earlier.row(row.name, row.concurrency) else { continue }
            let cells = Metric.allCases.map { metric -> String in
                guard let new = row.spread(metric), let old = old.spread(metric), old.median > 0 else { return "" }
                return self.cell(new, old, metric)
            }
            lines.append([row.name, row.concurrency.map(String.init) ?? ""] + cells)
        }
        var text = "\n" + ReportText.aligned(lines) + "\nbetter or worse: the spreads of the two runs do not touch"
        if report.conditions.processor != earlier.conditions.processor
            || report.conditions.coreCount != earlier.conditions.coreCount
        {
            text += "\nWARNING: the earlier run is of another machine (\(earlier.conditions.processor))"
        }
        return text
    }

    private static func cell(_ new: Spread, _ old: Spread, _ metric: Metric) -> String {
        let ratio = Spread.text(new.median / old.median)
        let isLarger = new.least > old.greatest
        let isSmaller = new.greatest < old.least
        guard isLarger || isSmaller else { return ratio }
        return (isLarger == metric.isBetterLarger ? "better " : "worse ") + ratio
    }
}
