package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: GetItemInput, _ context: RequestContext) -> [ResourceAccess] {
        context.access("GetItem", input.tableName) { keys in
            keys.add(input.key)
            keys.add(projection: input.projectionExpression, input.expressionAttributeNames)
            keys.add(attributes: input.attributesToGet)
            let isProjected = input.projectionExpression != nil || input.attributesToGet != nil
            keys.set(select: nil, isProjected: isProjected)
            keys.set(returnConsumedCapacity: input.returnConsumedCapacity)
        }
    }

    /// Every read sees the latest durable state, so `ConsistentRead` changes only the charge.
    package func getItem(
        _ input: GetItemInput, _ context: RequestContext
    ) async throws(ServiceError) -> GetItemOutput {
        let reference = try TableReference(input.tableName, context)
        let projection = try self.projection(of: input)
        let consistency: CapacityUnits.ReadConsistency = input.consistentRead == true ? .strong : .eventual
        let found = try await self.items.read(reference, key: input.key, consistency)
        return try self.output(of: input, found, projection, consistency)
    }

    // Outside the asynchronous function, as in ItemStore.

    @inline(never)
    private func projection(of input: GetItemInput) throws(ServiceError) -> ItemProjection {
        try validating { () throws(ValidationFailure) in
            if let failure = input.key.failure { throw ValidationFailure(failure.message) }
            return try ItemProjection(
                expression: input.projectionExpression,
                names: input.expressionAttributeNames,
                attributesToGet: input.attributesToGet
            )
        }
    }

    /// Refuses projections of key attributes only now: the table is known once the item is read.
    @inline(never)
    private func output(
        of input: GetItemInput, _ found: ItemStore.Found, _ projection: ItemProjection,
        _ consistency: CapacityUnits.ReadConsistency
    ) throws(ServiceError) -> GetItemOutput {
        try validating { () throws(ValidationFailure) in try projection.check(found.table) }
        let item = found.item
        var consumption = Consumption(input.tableName, for: input.returnConsumedCapacity)
        if input.returnConsumedCapacity != nil { consumption.add(CapacityUnits.read(item, consistency)) }
        return GetItemOutput(item: item.map(projection.apply), consumedCapacity: consumption.report())
    }
}
