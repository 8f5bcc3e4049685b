internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// A rule of Contributor Insights: what is counted, and for which keys.
///
/// - Source: DynamoDB Developer Guide, "CloudWatch contributor insights for DynamoDB: How it works".
enum InsightRule: String, Sendable, Hashable, CaseIterable {
    /// Partition keys by consumed units.
    case accessedPartitions = "PKC"
    /// Whole keys by consumed units; like `throttledKeys`, only with a sort key.
    case accessedKeys = "SKC"
    /// Partition keys by the number of throttled requests.
    case throttledPartitions = "PKT"
    case throttledKeys = "SKT"

    var isAboutWholeKeys: Bool { self == .accessedKeys || self == .throttledKeys }
    var isAboutThrottling: Bool { self == .throttledPartitions || self == .throttledKeys }

    /// `DynamoDBContributorInsights-PKC-orders-by-date-1576629651520`
    func name(_ table: TableDescriptor, _ index: IndexDescriptor?, _ setting: ContributorInsights.Setting) -> String {
        let resource = index.map { "\(table.name)-\($0.name)" } ?? table.name
        return "DynamoDBContributorInsights-\(self.rawValue)-\(resource)-\(setting.enabled.millisecondsSinceEpoch)"
    }

    /// The rules of a table or an index, in AWS's order; none when it is disabled.
    static func rules(_ schema: KeySchema, _ setting: ContributorInsights.Setting?) -> [InsightRule] {
        guard let setting, setting.isEnabled else { return [] }
        return self.allCases.filter { rule in
            (!rule.isAboutWholeKeys || !schema.sort.isEmpty)
                && (rule.isAboutThrottling || setting.mode != .throttledKeys)
        }
    }
}
