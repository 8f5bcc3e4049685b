package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UpdateGlobalTableSettingsInput, _ context: RequestContext) -> [ResourceAccess] {
        LegacyGlobalTables.access("UpdateGlobalTableSettings", input.globalTableName, context)
    }

    /// There is none of version 2017.11.29, whatever the name.
    package func updateGlobalTableSettings(
        _ input: UpdateGlobalTableSettingsInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateGlobalTableSettingsOutput {
        throw .globalTableNotFound(input.globalTableName)
    }
}
