package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: TransactGetItemsInput, _ context: RequestContext) -> [ResourceAccess] {
        var list = AccessList(context)
        for get in input.transactItems.map(\.get) {
            let isProjected = get.projectionExpression != nil
            list.add("GetItem", get.tableName, variant: isProjected ? "projected" : "") { keys in
                keys.add(get.key)
                keys.add(projection: get.projectionExpression, get.expressionAttributeNames)
                keys.set(select: nil, isProjected: isProjected)
                keys.set(returnConsumedCapacity: input.returnConsumedCapacity)
                keys.set(enclosing: "TransactGetItems")
            }
        }
        return list.accesses
    }

    /// All items are read as of one moment, so there cannot be a conflict with another transaction.
    package func transactGetItems(
        _ input: TransactGetItemsInput, _ context: RequestContext
    ) async throws(ServiceError) -> TransactGetItemsOutput {
        var wanted: [(reference: TableReference, key: AttributeMap)] = []
        var projections: [ItemProjection] = []
        for get in input.transactItems.map(\.get) {
            let projection = try validating { () throws(ValidationFailure) in
                if let failure = get.key.failure { throw ValidationFailure(failure.message) }
                // Names without an expression are ignored, as in `TransactAction`.
                return try ItemProjection(
                    expression: get.projectionExpression,
                    names: get.projectionExpression == nil ? nil : get.expressionAttributeNames,
                    attributesToGet: nil
                )
            }
            projections.append(projection)
            wanted.append((try TableReference(get.tableName, context), get.key))
        }
        let found = try await self.items.readTogether(wanted)
        let sizes = found.map { $0.item?.itemBytes ?? 0 }
        var consumptions: [String: Consumption] = [:]
        for (item, bytes) in zip(input.transactItems, sizes) {
            let table = item.get.tableName
            consumptions[table, default: Consumption(table, for: input.returnConsumedCapacity, .transactionalRead)]
                .add(CapacityUnits.read(bytes: bytes, .transactional))
        }
        return TransactGetItemsOutput(
            consumedCapacity: Consumption.reports(consumptions, order: input.transactItems.map(\.get.tableName)),
            // An item of which the projection leaves nothing is omitted, unlike in the other reads.
            responses: zip(found, projections).map { found, projection in
                let item = found.item.map(projection.apply)
                return ItemResponse(item: item?.isEmpty == true ? nil : item)
            }
        )
    }
}

extension TransactGetItemsOutput: SizedOutput {
    package var heldBytes: Int {
        (self.responses ?? []).reduce(0) { $0 + ($1.item?.byteCount ?? 0) }
    }
}
