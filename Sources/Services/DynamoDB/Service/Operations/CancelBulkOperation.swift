package import DynamoDBModel
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: CancelBulkOperationInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:CancelBulkOperation", resource: input.bulkOperationARN)]
    }

    /// The changed record makes the next commit of the operation fail; it then ends. Items that it put stay.
    package func cancelBulkOperation(
        _ input: CancelBulkOperationInput, _ context: RequestContext
    ) async throws(ServiceError) -> CancelBulkOperationOutput {
        for _ in 0..<Self.cancelAttemptsMax {
            let found = try await self.bulk(input.bulkOperationARN, context, .forDecision)
            guard found.own.state.isUnderWay else {
                // AWS documents no error for this.
                throw .validation("The bulk operation has ended and cannot be cancelled: \(found.own.arn)")
            }
            var own = found.own
            own.state = .cancelling
            if found.own.state != .cancelling {
                guard try await self.commit(own, found) != nil else { continue }
            }
            self.startWork(.bulk)
            return CancelBulkOperationOutput(bulkOperationARN: own.arn, bulkOperationStatus: own.status)
        }
        throw DynamoDBError.resourceInUse(
            message: "The bulk operation is being changed. Retry after a pause: \(input.bulkOperationARN)")
    }

    /// Attempts when the operation's own commits win.
    private static let cancelAttemptsMax = 1000
}
