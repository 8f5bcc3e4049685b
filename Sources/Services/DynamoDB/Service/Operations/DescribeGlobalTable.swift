package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DescribeGlobalTableInput, _ context: RequestContext) -> [ResourceAccess] {
        LegacyGlobalTables.access("DescribeGlobalTable", input.globalTableName, context)
    }

    /// Global tables of version 2017.11.29 do not exist, whatever the name.
    package func describeGlobalTable(
        _ input: DescribeGlobalTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeGlobalTableOutput {
        try TableReference.check(input.globalTableName, at: "globalTableName", .sentence("TableName"))
        throw .globalTableNotFound(input.globalTableName, prefix: "Global table not found: ")
    }
}
