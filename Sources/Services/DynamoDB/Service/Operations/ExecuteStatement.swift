package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: ExecuteStatementInput, _ context: RequestContext) -> [ResourceAccess] {
        [context.partiQLAccess(input.statement)]
    }

    /// Order of checks: the statement, its parameters, the table, the index, the WHERE clause, `ORDER BY`, the columns,
    /// the token; of a write the WHERE clause, then what the operation of its own checks.
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

extension RequestContext {
    /// What several statements touch, each access once.
    func partiQLAccesses(_ texts: [String], enclosing operation: String) -> [ResourceAccess] {
        var accesses: [ResourceAccess] = []
        for text in texts {
            let access = self.partiQLAccess(text, enclosing: operation)
            if !accesses.contains(access) { accesses.append(access) }
        }
        return accesses
    }

    /// What a statement touches. One that cannot be read touches nothing, and is refused by the operation.
    func partiQLAccess(_ text: String, enclosing operation: String? = nil) -> ResourceAccess {
        var conditionKeys: [String: [String]] = [:]
        if let operation { conditionKeys["dynamodb:EnclosingOperation"] = [operation] }
        guard let (statement, _) = try? PartiQLParser.statement(text) else {
            return ResourceAccess(
                action: "dynamodb:PartiQLSelect", resource: self.tableARN("*"), conditionKeys: conditionKeys
            )
        }
        let table = self.tableARN(statement.source.table)
        return ResourceAccess(
            action: statement.action,
            resource: statement.source.index.map { "\(table)/index/\($0)" } ?? table,
            conditionKeys: conditionKeys
        )
    }
}
