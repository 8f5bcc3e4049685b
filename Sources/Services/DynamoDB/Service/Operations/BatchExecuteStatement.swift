package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: BatchExecuteStatementInput, _ context: RequestContext) -> [ResourceAccess] {
        context.partiQLAccesses(
            input.statements.map { ($0.statement, $0.parameters) }, enclosing: "BatchExecuteStatement")
    }

    /// Statements are independent, and each has its own error; only a violation of the whole batch fails the request.
    package func batchExecuteStatement(
        _ input: BatchExecuteStatementInput, _ context: RequestContext
    ) async throws(ServiceError) -> BatchExecuteStatementOutput {
        let calls = input.statements.map { request in
            Result { () throws(ServiceError) in
                try validating { () throws(ValidationFailure) in
                    try PartiQLCall(
                        request.statement, request.parameters, request.returnValuesOnConditionCheckFailure
                    )
                }
            }
        }
        let reads = calls.compactMap { try? $0.get().statement.isRead }
        guard Set(reads).count < 2 else {
            // DEVIATION: AWS's wording is not known; this is its sentence for ExecuteTransaction.
            throw .validation(
                "BatchExecuteStatement API does not support both read and write operations in the same request."
            )
        }
        let batch = PartiQLBatch(service: self, consumed: input.returnConsumedCapacity, context: context)
        let outcomes = await batch.run(
            zip(calls, input.statements).map { ($0, isConsistent: $1.consistentRead == true) }
        )
        let consumed = outcomes.compactMap { $0.consumption?.report() }
        return BatchExecuteStatementOutput(
            responses: outcomes.map(\.response),
            consumedCapacity: consumed.isEmpty ? nil : consumed
        )
    }
}

extension BatchExecuteStatementOutput: SizedOutput {
    package var heldBytes: Int {
        (self.responses ?? []).reduce(0) { $0 + ($1.item?.byteCount ?? 0) }
    }
}
