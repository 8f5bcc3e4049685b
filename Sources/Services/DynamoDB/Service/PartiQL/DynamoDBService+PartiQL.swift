internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

extension DynamoDBService {
    /// Executes a single statement, for ExecuteStatement.
    func execute(
        _ call: PartiQLCall, _ input: ExecuteStatementInput, _ context: RequestContext
    ) async throws(ServiceError) -> PartiQLAnswer {
        let source = call.statement.source
        let reference = try TableReference(source.table, context)
        guard case .select(let select) = call.statement else {
            let consumption = Consumption(source.table, for: input.returnConsumedCapacity)
            return try await self.write(call, reference, consumption, context)
        }
        let table = try await self.items.descriptor(reference)
        let isConsistent = input.consistentRead == true
        let read = try validating { () throws(ValidationFailure) in
            try PartiQLRead(select, call.parameters, table, isConsistent: isConsistent)
        }
        var digest = RequestDigest()
        digest.add("\(table.account)/\(table.region)/\(table.number)")
        call.addTo(&digest)
        let request = digest.bytes
        let start = try validating { () throws(ValidationFailure) in
            try input.nextToken.map { (text) throws(ValidationFailure) in try PartiQLNextToken(text, request) }
        }
        let (page, next) = try await read.page(self.items, from: start, limit: input.limit)
        var consumption = Consumption(source.table, for: input.returnConsumedCapacity)
        consumption.addPage(page, read.index, isConsistent: isConsistent)
        return PartiQLAnswer(
            items: page.items.map(select.row), nextToken: next?.text(request), lastKey: page.lastKey,
            consumption: consumption
        )
    }

    /// Executes a single INSERT, UPDATE or DELETE.
    func write(
        _ call: PartiQLCall, _ reference: TableReference, _ consumption: Consumption, _ context: RequestContext
    ) async throws(ServiceError) -> PartiQLAnswer {
        if case .exists = call.statement {
            // DEVIATION: AWS's wording is not known.
            throw .validation("EXISTS is supported in transactions only")
        }
        let table = try await self.items.table(reference).descriptor
        let action = try call.write(table, needsWholeKey: true, context)
        let row = try await self.items.write(reference) { (table) throws(ServiceError) in
            // The table may have been replaced by another one of the same name.
            try validating { () throws(ValidationFailure) in try action.check(table) }
            return action.key
        } decide: { (table, existing) throws(ServiceError) in
            let decision = try action.decide(existing, table)
            return (decision.change, ItemStore.TransactRow(table: table, existing: existing, new: decision.new))
        }
        var answer = PartiQLAnswer(consumption: consumption)
        answer.consumption.addWrite(row.existing, row.new, row.table)
        if let shown = action.returned(call.statement.returning, row) { answer.items = [shown] }
        return answer
    }
}
