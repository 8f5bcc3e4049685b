package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    /// The default and the limit of names in one answer.
    static let listedTablesMax = 100

    package func access(_ input: ListTablesInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:ListTables", resource: context.tableARN("*"))]
    }

    package func listTables(
        _ input: ListTablesInput, _ context: RequestContext
    ) async throws(ServiceError) -> ListTablesOutput {
        let (names, hasMore) = try await self.catalog.names(
            context.account,
            context.region,
            after: input.exclusiveStartTableName,
            limit: input.limit ?? Self.listedTablesMax
        )
        return ListTablesOutput(tableNames: names, lastEvaluatedTableName: hasMore ? names.last : nil)
    }
}
