package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DescribeContributorInsightsInput, _ context: RequestContext) -> [ResourceAccess] {
        let table = context.tableARN(input.tableName)
        let resource = input.indexName.map { "\(table)/index/\($0)" } ?? table
        return [ResourceAccess(action: "dynamodb:DescribeContributorInsights", resource: resource)]
    }

    package func describeContributorInsights(
        _ input: DescribeContributorInsightsInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeContributorInsightsOutput {
        let reference = try TableReference(input.tableName, context)
        if let name = input.indexName { try TableReference.check(name, at: "indexName", .sentence("IndexName")) }
        guard let table = try await self.catalog.snapshot(reference)?.descriptor else {
            throw .tableNotFound(reference)
        }
        let setting = try table.insightsSetting(of: input.indexName)
        let index = input.indexName.flatMap { table.index($0) }
        let rules = InsightRule.rules(index?.schema ?? table.schema, setting)
        return DescribeContributorInsightsOutput(
            tableName: table.name,
            indexName: input.indexName,
            contributorInsightsRuleList: rules.isEmpty
                ? nil
                : setting.map { setting in
                    rules.map { $0.name(table, index, setting) }
                },
            contributorInsightsStatus: setting?.isEnabled == true ? .enabled : .disabled,
            lastUpdateDateTime: setting?.changed,
            contributorInsightsMode: setting?.mode
        )
    }
}
