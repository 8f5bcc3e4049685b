/// A ratio, or the metric of one row, that the project promises, and where it stands.
///
/// Reported, never enforced: a busy machine must not fail a build.
struct Bar {
    let name: String
    let value: Operand
    /// What the value is divided by; nil where the limit is one of the value itself.
    let base: Operand?
    let limit: Limit
    var concurrency = Self.concurrency

    /// One metric of one row.
    struct Operand {
        let row: String
        let metric: Metric
    }

    /// What the figure must not exceed, or must reach.
    enum Limit {
        case atMost(Double)
        case atLeast(Double)
    }

    /// Connections and writers at which bars are measured where nothing else is said.
    static let concurrency = 64

    static let all = [
        Bar.bare("GetItem of 1 KB, verified", .getItem, atMost: 1.9),
        Bar.bare("durable PutItem of 1 KB", .putItem, atMost: 3.0),
        Bar.bare("durable UpdateItem of a counter", .updateItem, atMost: 3.5),
        Bar.bare("Query of \(Fixture.queryCount) items of 1 KB", .query, atMost: 4),
        Bar.bare("durable TransactWriteItems of 4", .transactWriteItems, atMost: 7),
        Bar(
            name: "durable PutItem of 1 KB: rate against the committer's",
            value: Operand(row: Scenario.putItem.rowName, metric: .perSecond),
            base: Operand(row: StoreBench.commitName, metric: .perSecond),
            limit: .atLeast(0.65)
        ),
        Bar(
            name: "one counter: rate against that of counters of their own",
            value: Operand(row: Scenario.hotCounter.rowName, metric: .perSecond),
            base: Operand(row: Scenario.updateItem.rowName, metric: .perSecond),
            limit: .atLeast(0.5)
        ),
    ]

    /// CPU of an operation against that of the same bytes answered by the bare server.
    private static func bare(_ name: String, _ scenario: Scenario, atMost limit: Double) -> Bar {
        Bar(
            name: "\(name): CPU against bare",
            value: Operand(row: scenario.rowName, metric: .cpuMicroseconds),
            base: Operand(row: scenario.bareName, metric: .cpuMicroseconds),
            limit: .atMost(limit)
        )
    }

    /// The figure of each round, because what disturbed one round disturbed both of its samples.
    func judged(_ rows: [Row]) -> JudgedBar {
        func samples(_ operand: Operand) -> [Double] {
            let row = rows.first { $0.name == operand.row && $0.concurrency == self.concurrency }
            return row?.samples[operand.metric] ?? []
        }
        let values = samples(self.value)
        let ratio = Spread(
            self.base.map { zip(values, samples($0)).filter { $1 > 0 }.map { $0 / $1 } } ?? values)
        switch self.limit {
        case .atMost(let limit):
            return JudgedBar(
                name: self.name, limit: "≤ \(limit)", ratio: ratio, isMet: ratio.map { $0.median <= limit })
        case .atLeast(let limit):
            return JudgedBar(
                name: self.name, limit: "≥ \(limit)", ratio: ratio, isMet: ratio.map { $0.median >= limit })
        }
    }
}

/// A bar with the ratio, or the metric, that was measured; nil where its rows were not.
struct JudgedBar: Codable {
    let name: String
    let limit: String
    let ratio: Spread?
    let isMet: Bool?
}
