package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: ExecuteTransactionInput, _ context: RequestContext) -> [ResourceAccess] {
        context.partiQLAccesses(
            input.transactStatements.map { ($0.statement, $0.parameters) }, enclosing: "ExecuteTransaction")
    }

    /// Order of checks: each statement and its parameters, that all are reads or all are writes, the tables, the WHERE
    /// clauses; then as in TransactGetItems and TransactWriteItems.
    package func executeTransaction(
        _ input: ExecuteTransactionInput, _ context: RequestContext
    ) async throws(ServiceError) -> ExecuteTransactionOutput {
        var calls: [PartiQLCall] = []
        for (index, statement) in input.transactStatements.enumerated() {
            calls.append(try Self.inStatement(index) { () throws(ServiceError) in try Self.call(statement) })
        }
        let readCount = calls.count { $0.statement.isRead }
        guard readCount == 0 || readCount == calls.count else {
            throw .validation(
                "ExecuteTransaction API does not support both read and write operations in the same request."
            )
        }
        return readCount > 0
            ? try await self.readTogether(calls, input, context) : try await self.writeTogether(calls, input, context)
    }

    private static func call(_ statement: ParameterizedStatement) throws(ServiceError) -> PartiQLCall {
        try validating { () throws(ValidationFailure) in
            let call = try PartiQLCall(
                statement.statement, statement.parameters, statement.returnValuesOnConditionCheckFailure
            )
            // DEVIATION: both sentences are our own; AWS's could not be confirmed.
            guard call.statement.returning == nil else {
                throw ValidationFailure("A statement of a transaction cannot have a RETURNING clause.")
            }
            guard !call.statement.isRead || call.statement.source.index == nil else {
                throw ValidationFailure("A transaction of statements reads tables only, not indexes.")
            }
            return call
        }
    }

    /// Adds to an error which statement it is about.
    private static func inStatement<Value>(
        _ index: Int, _ work: () throws(ServiceError) -> Value
    ) throws(ServiceError) -> Value {
        do throws(ServiceError) {
            return try work()
        } catch {
            guard error.code == "ValidationException" else { throw error }
            throw .validation("Validation failed in TransactStatements[\(index)]: \(error.message)")
        }
    }

    private func readTogether(
        _ calls: [PartiQLCall], _ input: ExecuteTransactionInput, _ context: RequestContext
    ) async throws(ServiceError) -> ExecuteTransactionOutput {
        var wanted: [(reference: TableReference, key: AttributeMap)] = []
        var selects: [PartiQLSelect] = []
        for (index, call) in calls.enumerated() {
            guard case .select(let select) = call.statement else { continue }
            let reference = try TableReference(select.source.table, context)
            let table = try await self.items.table(reference).descriptor
            let key = try Self.inStatement(index) { () throws(ServiceError) in
                try call.readKey(
                    select, table,
                    "Select statements within ExecuteTransaction must specify the primary key in the where clause."
                )
            }
            wanted.append((reference, key))
            selects.append(select)
        }
        let found = try await self.items.readTogether(wanted)
        var responses: [ItemResponse] = []
        var consumed: [ConsumedCapacity] = []
        for (select, read) in zip(selects, found) {
            responses.append(ItemResponse(item: read.item.map(select.row)))
            var consumption = Consumption(select.source.table, for: input.returnConsumedCapacity, .transactionalRead)
            consumption.add(CapacityUnits.read(bytes: read.item?.itemBytes ?? 0, .transactional))
            if let report = consumption.report() { consumed.append(report) }
        }
        return ExecuteTransactionOutput(
            responses: responses, consumedCapacity: consumed.isEmpty ? nil : consumed
        )
    }

    private func writeTogether(
        _ calls: [PartiQLCall], _ input: ExecuteTransactionInput, _ context: RequestContext
    ) async throws(ServiceError) -> ExecuteTransactionOutput {
        var actions: [TransactAction] = []
        for (index, call) in calls.enumerated() {
            let reference = try TableReference(call.statement.source.table, context)
            let table = try await self.items.table(reference).descriptor
            let action = try Self.inStatement(index) { () throws(ServiceError) in
                try call.write(table, needsWholeKey: false, context)
            }
            actions.append(action)
        }
        let token = IdempotencyToken(input.clientRequestToken, "dynamodb-partiql", context) {
            var digest = RequestDigest()
            digest.add(input.returnConsumedCapacity?.rawValue)
            for call in calls { call.addTo(&digest) }
            return digest.bytes
        }
        let outcome = try await self.items.transact(actions, token: token)
        let kind: Consumption.Kind = outcome.isReplay ? .transactionalRead : .transactionalWrite
        var consumed: [ConsumedCapacity] = []
        for (action, row) in zip(actions, outcome.rows) {
            var consumption = Consumption(action.table, for: input.returnConsumedCapacity, kind)
            consumption.addTransactional(row.existing, row.new, row.table)
            if let report = consumption.report() { consumed.append(report) }
        }
        return ExecuteTransactionOutput(
            responses: calls.map { _ in ItemResponse() }, consumedCapacity: consumed.isEmpty ? nil : consumed
        )
    }
}

extension ExecuteTransactionOutput: SizedOutput {
    package var heldBytes: Int {
        (self.responses ?? []).reduce(0) { $0 + ($1.item?.byteCount ?? 0) }
    }
}
