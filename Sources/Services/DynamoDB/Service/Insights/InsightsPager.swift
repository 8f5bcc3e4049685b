internal import DynamoDBModel
internal import Primitives
internal import ServiceModel

/// Where a listing continues: after a table's own entry, after one of its indexes, or after all its entries.
struct InsightsPlace: Sendable, Equatable {
    let table: String
    /// The number of the table's entries that are already listed.
    let count: Int

    /// Opaque: the count and the name in base64.
    var token: String { Base64.encode(Array("\(self.count)/\(self.table)".utf8)) }

    init(table: String, count: Int) {
        self.table = table
        self.count = count
    }

    init(token: String) throws(ServiceError) {
        guard let bytes = Base64.decode(token.utf8) else { throw .validation("Invalid NextToken") }
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let count = Int(parts[0]), count >= 0, TableReference.isLawfulName(parts[1]) else {
            throw .validation("Invalid NextToken")
        }
        self.init(table: String(parts[1]), count: count)
    }
}

/// Collects the entries of tables until an answer is full.
struct InsightsPager {
    let limit: Int
    let after: InsightsPlace?
    private(set) var summaries: [ContributorInsightsSummary] = []
    /// Set when there are more entries than the answer has.
    private(set) var next: InsightsPlace?

    init(limit: Int, after: InsightsPlace?) {
        self.limit = limit
        self.after = after
    }

    mutating func add(_ table: TableDescriptor) {
        var entries: [(index: String?, setting: ContributorInsights.Setting?)] = [(nil, table.insights.table)]
        entries += table.indexes.filter(\.isGlobal).map { ($0.name, table.insights[$0.name]) }
        let skipped = self.after?.table == table.name ? self.after?.count ?? 0 : 0
        for (place, entry) in entries.enumerated().dropFirst(skipped) {
            guard let setting = entry.setting, setting.isEnabled else { continue }
            guard self.summaries.count < self.limit else {
                self.next = InsightsPlace(table: table.name, count: place)
                return
            }
            self.summaries.append(
                ContributorInsightsSummary(
                    tableName: table.name,
                    indexName: entry.index,
                    contributorInsightsStatus: .enabled,
                    contributorInsightsMode: setting.mode
                )
            )
        }
    }

    /// Ends the answer before it is full.
    mutating func pause(behind table: String) {
        self.next = InsightsPlace(table: table, count: .max)
    }
}
