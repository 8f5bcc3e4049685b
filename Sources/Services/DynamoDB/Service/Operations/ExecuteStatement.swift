package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: ExecuteStatementInput, _ context: RequestContext) -> [ResourceAccess] {
        context.partiQLAccesses([(input.statement, input.parameters)])
    }

    /// Order of checks: the statement, its parameters, the table, the index, the WHERE clause, `ORDER BY`, the columns,
    /// the token; for a write, the WHERE clause, then the checks of the corresponding operation.
    package func executeStatement(
        _ input: ExecuteStatementInput, _ context: RequestContext
    ) async throws(ServiceError) -> ExecuteStatementOutput {
        let call = try validating { () throws(ValidationFailure) in
            try PartiQLCall(input.statement, input.parameters, input.returnValuesOnConditionCheckFailure)
        }
        let answer = try await self.execute(call, input, context)
        return ExecuteStatementOutput(
            items: answer.items,
            nextToken: answer.nextToken,
            consumedCapacity: answer.consumption.report(),
            lastEvaluatedKey: answer.lastKey
        )
    }
}

extension ExecuteStatementOutput: SizedOutput {
    package var heldBytes: Int {
        (self.items ?? []).reduce(0) { $0 + $1.byteCount }
    }
}
