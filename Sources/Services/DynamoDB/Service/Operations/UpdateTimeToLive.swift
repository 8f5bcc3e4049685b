package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UpdateTimeToLiveInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:UpdateTimeToLive", resource: context.tableARN(input.tableName))]
    }

    /// Holds at once; the items that are there already are entered into the index afterwards.
    // DEVIATION: AWS takes up to an hour, and refuses another change meanwhile.
    package func updateTimeToLive(
        _ input: UpdateTimeToLiveInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateTimeToLiveOutput {
        let reference = try TableReference(input.tableName, context)
        let given = input.timeToLiveSpecification
        try await self.catalog.update(reference) { (table, _) throws(ServiceError) in
            guard !table.isBeingFilled else {
                throw DynamoDBError.resourceInUse(message: "Table is being created: \(table.name)")
            }
            if let current = table.expiry.attribute, !current.utf8.elementsEqual(given.attributeName.utf8) {
                throw .validation(
                    "TimeToLive is active on a different AttributeName: current AttributeName is \(current)")
            }
            guard given.enabled != (table.expiry.attribute != nil) else {
                throw .validation("TimeToLive is already \(given.enabled ? "enabled" : "disabled")")
            }
            if given.enabled {
                table.expiry = ExpirySettings(
                    attribute: given.attributeName, generation: table.expiry.generation + 1)
            } else {
                table.expiry.attribute = nil
                table.expiry.isWhole = false
            }
        }
        self.startExpiryWork()
        return UpdateTimeToLiveOutput(timeToLiveSpecification: given)
    }
}
