import Primitives
import Telemetry
import Testing

/// CloudWatch's metrics as Prometheus reads them.
@Suite struct MetricExpositionTests {
    private let history = MetricHistory()

    private func record(_ name: String, _ dimensions: [(String, String)], _ values: Double..., second: Int64 = 0) {
        for value in values {
            let datum = MetricDatum(
                namespace: "AWS/DynamoDB", name: name,
                dimensions: dimensions.map { MetricDatum.Dimension($0.0, $0.1) }, value: value, unit: "Count")
            self.history.record(
                datum, account: .standard, region: .standard, time: Timestamp(secondsSinceEpoch: second))
        }
    }

    @Test func `a metric is a summary of all its samples, of every minute`() {
        self.record("ConsumedReadCapacityUnits", [("TableName", "orders")], 1, 0.5)
        self.record("ConsumedReadCapacityUnits", [("TableName", "orders")], 2, second: 61)
        self.record("UserErrors", [], 1)
        let lines = self.history.exposition().split(separator: "\n")
        let labels = #"account="000000000000",region="us-east-1""#
        #expect(
            lines.filter { !$0.hasPrefix("# HELP") } == [
                "# TYPE aws_dynamodb_consumed_read_capacity_units summary",
                "aws_dynamodb_consumed_read_capacity_units_sum{\(labels),table_name=\"orders\"} 3.5",
                "aws_dynamodb_consumed_read_capacity_units_count{\(labels),table_name=\"orders\"} 3",
                "# TYPE aws_dynamodb_user_errors summary",
                "aws_dynamodb_user_errors_sum{\(labels)} 1.0", "aws_dynamodb_user_errors_count{\(labels)} 1",
            ])
    }

    @Test func `keys of items are never exposed`() {
        self.record("DynamoDBContributorInsights-PKC-orders-1", [("PartitionKey", "ana@example.org")], 1)
        #expect(self.history.exposition().isEmpty)
    }

    @Test func `no more series are exposed than the limit`() {
        for table in 0...MetricHistory.exposedCountMax {
            self.record("ReadThrottleEvents", [("TableName", "\(10_000 + table)")], 1)
        }
        let lines = self.history.exposition().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == 2 * MetricHistory.exposedCountMax)
        #expect(!lines.contains { $0.contains("\"\(10_000 + MetricHistory.exposedCountMax)\"") })
    }

    @Test func `a statistic set is what its samples add up to`() {
        var set = StatisticSet(of: 2, samples: 3)
        set.add(StatisticSet(of: 5))
        #expect([set.sampleCount, set.sum, set.minimum, set.maximum] == [4, 11, 2, 5])
        #expect(StatisticSet(of: 1, samples: 0) == StatisticSet())
        set.add(StatisticSet())
        #expect([set.sampleCount, set.sum, set.minimum, set.maximum] == [4, 11, 2, 5])
    }
}
