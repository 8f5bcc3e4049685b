package import DynamoDBModel
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UpdateTimeToLiveInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:UpdateTimeToLive", resource: context.tableARN(input.tableName))]
    }

    /// Takes effect at once; existing items are added to the index afterwards.
    // DEVIATION: AWS takes up to an hour, and refuses another change meanwhile.
    package func updateTimeToLive(
        _ input: UpdateTimeToLiveInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateTimeToLiveOutput {
        let reference = try TableReference(input.tableName, context)
        let given = input.timeToLiveSpecification
        let now = self.clock.now()
        guard try await !self.catalog.isReplicaBeingAdded(reference, at: now) else { throw .tableNotFound(reference) }
        if try await self.catalog.isBeingCreated(reference, at: now) {
            // The wording differs from that of other operations.
            throw .tableInUse("Table \(reference.name) is being created")
        }
        try await self.catalog.updateGroup(reference) { (group, writes) throws(ServiceError) in
            var table = group.own
            guard !table.isBeingFilled else {
                throw DynamoDBError.resourceInUse(message: "Table is being created: \(table.name)")
            }
            // The setting is that of all replicas.
            if let added = group.others.first(where: { $0.isReplicaBeingAdded(at: now) }) {
                throw .replicaIsBeingAdded(added)
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
            let before = group.own
            group.own = table
            // The setting is the same in all replicas.
            _ = try group.spread(from: before, at: now, &writes)
        }
        self.startExpiryWork()
        return UpdateTimeToLiveOutput(timeToLiveSpecification: given)
    }
}
