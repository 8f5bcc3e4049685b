package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    /// The default and the limit of summaries in one answer.
    static let listedInsightsMax = 100
    /// Tables examined for one answer; as on AWS, an answer may contain few or no summaries and still have a token.
    static let insightTablesMax = 1000

    package func access(_ input: ListContributorInsightsInput, _ context: RequestContext) -> [ResourceAccess] {
        let resource = input.tableName.map { context.tableARN($0) } ?? "*"
        return [ResourceAccess(action: "dynamodb:ListContributorInsights", resource: resource)]
    }

    /// The enabled settings of one table or of all tables: first that of the table itself, then those of its global
    /// indexes.
    package func listContributorInsights(
        _ input: ListContributorInsightsInput, _ context: RequestContext
    ) async throws(ServiceError) -> ListContributorInsightsOutput {
        let limit = input.maxResults ?? Self.listedInsightsMax
        guard limit > 0 else {
            throw .validation(
                "1 validation error detected: Value '\(limit)' at 'maxResults' failed to satisfy constraint: Member "
                    + "must have value greater than or equal to 1"
            )
        }
        var pager = InsightsPager(limit: limit, after: try input.nextToken.map(InsightsPlace.init(token:)))
        if let name = input.tableName {
            let reference = try TableReference(name, context)
            guard let table = try await self.catalog.snapshot(reference)?.descriptor else {
                throw .tableNotFound(reference)
            }
            pager.add(table)
        } else {
            try await self.list(&pager, context)
        }
        return ListContributorInsightsOutput(
            contributorInsightsSummaries: pager.summaries, nextToken: pager.next?.token)
    }

    private func list(_ pager: inout InsightsPager, _ context: RequestContext) async throws(ServiceError) {
        var after: String?
        if let place = pager.after {
            // The token's table may have more indexes to list.
            let reference = TableReference(account: context.account, region: context.region, name: place.table)
            if let table = try await self.catalog.snapshot(reference)?.descriptor { pager.add(table) }
            after = place.table
        }
        var lookedAt = 0
        while pager.next == nil {
            let (names, hasMore) = try await self.catalog.names(
                context.account, context.region, after: after, limit: TableCatalog.sliceCountMax)
            for name in names where pager.next == nil {
                let reference = TableReference(account: context.account, region: context.region, name: name)
                if let table = try await self.catalog.snapshot(reference)?.descriptor { pager.add(table) }
                after = name
                lookedAt += 1
            }
            guard hasMore, pager.next == nil else { return }
            if lookedAt >= Self.insightTablesMax, let after { pager.pause(behind: after) }
        }
    }
}
