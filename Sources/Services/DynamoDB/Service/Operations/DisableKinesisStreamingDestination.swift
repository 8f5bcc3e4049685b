package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(
        _ input: DisableKinesisStreamingDestinationInput, _ context: RequestContext
    ) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:DisableKinesisStreamingDestination", resource: context.tableARN(input.tableName))
        ]
    }

    /// The answer says DISABLING, as AWS's does; the destination stays listed as DISABLED.
    package func disableKinesisStreamingDestination(
        _ input: DisableKinesisStreamingDestinationInput, _ context: RequestContext
    ) async throws(ServiceError) -> KinesisStreamingDestinationOutput {
        let reference = try TableReference(input.tableName, context)
        guard input.enableKinesisStreamingConfiguration == nil else {
            throw .validation("Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters")
        }
        try await self.catalog.update(reference) { (table, _) throws(ServiceError) in
            let place = table.kinesisDestinations.firstIndex {
                $0.streamARN == input.streamARN && $0.state == .active
            }
            guard let place else {
                throw .destinationState("KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
            }
            table.kinesisDestinations[place].state = .disabled
            table.kinesisDestinations[place].precision = nil
        }
        return KinesisStreamingDestinationOutput(
            tableName: reference.name, streamARN: input.streamARN, destinationStatus: .disabling)
    }
}
