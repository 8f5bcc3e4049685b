package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DescribeGlobalTableSettingsInput, _ context: RequestContext) -> [ResourceAccess] {
        LegacyGlobalTables.access("DescribeGlobalTableSettings", input.globalTableName, context)
    }

    /// Global tables of version 2017.11.29 do not exist, whatever the name.
    package func describeGlobalTableSettings(
        _ input: DescribeGlobalTableSettingsInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeGlobalTableSettingsOutput {
        try TableReference.check(input.globalTableName, at: "globalTableName", .sentence("TableName"))
        throw .globalTableNotFound(input.globalTableName)
    }
}
