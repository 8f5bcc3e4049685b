package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(
        _ input: UpdateKinesisStreamingDestinationInput, _ context: RequestContext
    ) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:UpdateKinesisStreamingDestination", resource: context.tableARN(input.tableName))
        ]
    }

    /// Order of checks: the requested change, the table, whether the destination is active, whether anything changes.
    package func updateKinesisStreamingDestination(
        _ input: UpdateKinesisStreamingDestinationInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateKinesisStreamingDestinationOutput {
        let reference = try TableReference(input.tableName, context)
        let configuration = input.updateKinesisStreamingConfiguration
        guard let precision = configuration?.approximateCreationDateTimePrecision?.rawValue else {
            throw .validation(
                "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration "
                    + "cannot be null or contain only null values"
            )
        }
        try await self.catalog.update(reference) { (table, _) throws(ServiceError) in
            // It is not known whether AWS's sentence continues after the ARN.
            // - Source: an answer recorded on AWS in October 2026 by a laboratory of AWS Controllers for Kubernetes.
            guard let place = table.kinesisDestinations.firstIndex(where: { $0.streamARN == input.streamARN }) else {
                throw .destinationState("No streaming destination with streamArn: \(input.streamARN)")
            }
            guard table.kinesisDestinations[place].state == .active else {
                throw .destinationState(
                    "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. "
                        + "TableName: \(table.name), kdsArn: \(input.streamARN)"
                )
            }
            guard table.kinesisDestinations[place].precision ?? "MILLISECOND" != precision else {
                throw .validation(
                    "Invalid Request: Precision is already set to the desired value of \(precision) for tableId: "
                        + "\(table.tableID), kdsArn: \(input.streamARN)"
                )
            }
            table.kinesisDestinations[place].precision = precision
        }
        return UpdateKinesisStreamingDestinationOutput(
            tableName: reference.name,
            streamARN: input.streamARN,
            destinationStatus: .updating,
            updateKinesisStreamingConfiguration: configuration
        )
    }
}
