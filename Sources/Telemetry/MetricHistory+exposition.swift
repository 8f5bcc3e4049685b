internal import Primitives

extension MetricHistory {
    /// The most series in one exposition: the first by name and dimensions.
    package static let exposedCountMax = 1000

    /// Dimensions that name resources and requests. A series with any other, such as a key of an item, is not exposed.
    private static let exposedDimensions: Set<String> = [
        "ClusterName", "ContainerName", "GlobalSecondaryIndexName", "GpuDevice", "InstanceId", "ModelId", "Operation",
        "OperationType", "StreamLabel", "TableName", "Verb",
    ]

    /// The totals of each series since it began, in the text exposition format 0.0.4: one summary for each metric, such
    /// as `aws_dynamodb_consumed_read_capacity_units_sum{account="…",region="…",table_name="…"}` and `…_count`.
    ///
    /// A series without measurements for `ageMinutesMax` begins anew, which Prometheus treats as a restart.
    package func exposition() -> String {
        var families: [String: [(labels: String, total: StatisticSet)]] = [:]
        for (id, total) in self.totals where id.dimensions.allSatisfy({ Self.exposedDimensions.contains($0.name) }) {
            let family = Self.snakeCase(id.namespace) + "_" + Self.snakeCase(id.name)
            families[family, default: []].append((Self.labels(id), total))
        }
        var left = Self.exposedCountMax
        var text = ""
        for (name, series) in families.sorted(by: { $0.key < $1.key }) {
            let told = series.sorted { $0.labels < $1.labels }.prefix(left)
            guard !told.isEmpty else { break }
            left -= told.count
            text += "# HELP \(name) As in CloudWatch: the sum, and the number of samples\n# TYPE \(name) summary\n"
            for entry in told {
                text += "\(name)_sum\(entry.labels) \(entry.total.sum)\n"
                text += "\(name)_count\(entry.labels) \(UInt64(entry.total.sampleCount))\n"
            }
        }
        return text
    }

    private static func labels(_ id: SeriesID) -> String {
        let names = [("account", id.account.description), ("region", id.region.description)]
        return MetricRegistry.render(names + id.dimensions.map { (Self.snakeCase($0.name), $0.value) })
    }

    /// `ConsumedReadCapacityUnits` as `consumed_read_capacity_units`, and `AWS/DynamoDB` as `aws_dynamodb`.
    private static func snakeCase(_ name: String) -> String {
        guard !name.contains("/") else { return name.lowercased().replacing("/", with: "_") }
        var text = ""
        for character in name {
            if character.isUppercase, !text.isEmpty { text += "_" }
            text += character.lowercased()
        }
        return text
    }
}
