package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    package func access(
        _ input: EnableKinesisStreamingDestinationInput, _ context: RequestContext
    ) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:EnableKinesisStreamingDestination", resource: context.tableARN(input.tableName))
        ]
    }

    /// The answer says ENABLING, as AWS's does; DescribeKinesisStreamingDestination shows the outcome.
    package func enableKinesisStreamingDestination(
        _ input: EnableKinesisStreamingDestinationInput, _ context: RequestContext
    ) async throws(ServiceError) -> KinesisStreamingDestinationOutput {
        let reference = try TableReference(input.tableName, context)
        let configuration = input.enableKinesisStreamingConfiguration
        let destination = KinesisDestination(
            input.streamARN, precision: configuration?.approximateCreationDateTimePrecision?.rawValue, context)
        let table = try await self.catalog.update(reference) { (table, writes) throws(ServiceError) in
            guard table.kinesisDestinations.active == nil else {
                throw .destinationState(
                    "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
                )
            }
            table.kinesisDestinations.enable(destination)
            guard destination.state == .active else { return }
            let delivery = KinesisDelivery(reference, streamARN: destination.streamARN)
            writes.append(.set(KinesisDelivery.key(table.number), delivery.encoded))
        }.table
        if destination.state == .active { self.startReplication(table.number) }
        return KinesisStreamingDestinationOutput(
            tableName: reference.name,
            streamARN: input.streamARN,
            destinationStatus: .enabling,
            enableKinesisStreamingConfiguration: configuration ?? EnableKinesisStreamingConfiguration()
        )
    }
}
