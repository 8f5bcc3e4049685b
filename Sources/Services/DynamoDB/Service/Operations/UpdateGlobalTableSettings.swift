package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UpdateGlobalTableSettingsInput, _ context: RequestContext) -> [ResourceAccess] {
        LegacyGlobalTables.access("UpdateGlobalTableSettings", input.globalTableName, context)
    }

    /// Global tables of version 2017.11.29 do not exist, whatever the name.
    package func updateGlobalTableSettings(
        _ input: UpdateGlobalTableSettingsInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateGlobalTableSettingsOutput {
        throw .globalTableNotFound(input.globalTableName)
    }
}
