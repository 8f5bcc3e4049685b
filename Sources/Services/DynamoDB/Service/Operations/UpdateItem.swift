package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UpdateItemInput, _ context: RequestContext) -> [ResourceAccess] {
        context.access("UpdateItem", input.tableName) { keys in
            let (names, values) = (input.expressionAttributeNames, input.expressionAttributeValues)
            keys.add(input.key)
            keys.add(update: input.updateExpression, names, values)
            keys.add(condition: input.conditionExpression, names, values)
            keys.add(names: input.attributeUpdates?.keys)
            keys.add(names: input.expected?.keys)
            keys.set(returnValues: input.returnValues)
            keys.set(returnConsumedCapacity: input.returnConsumedCapacity)
        }
    }

    package func updateItem(
        _ input: UpdateItemInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateItemOutput {
        let reference = try TableReference(input.tableName, context)
        let update = try self.update(of: input)
        let outcome = try await self.items.write(reference) { (table) throws(ServiceError) in
            try validating { () throws(ValidationFailure) in
                try KeyCheck.key(input.key, table.schema)
                try update.check(table)
            }
            return input.key
        } decide: { (table, existing) throws(ServiceError) in
            try update.condition.check(existing)
            let updated = try validating { () throws(ValidationFailure) in
                let updated = try update.apply(to: existing, key: input.key)
                try ItemCheck.updated(updated, was: existing, table)
                return updated
            }
            // A removal from a missing item does not create it.
            let isLeft = existing == nil && update.leavesAbsent(updated, key: input.key)
            return (isLeft ? .none : .put(updated), UpdateOutcome(table: table, old: existing, new: updated))
        }
        return self.output(of: input, update, outcome)
    }

    // Outside the asynchronous function, as in ItemStore.

    @inline(never)
    private func update(of input: UpdateItemInput) throws(ServiceError) -> ItemUpdate {
        try validatingEnveloped { () throws(ValidationFailure) in
            try ItemUpdate.checkNotMixed(input)
            if let failure = input.key.failure { throw ValidationFailure(failure.message) }
            return try ItemUpdate(input, for: .itemWrite)
        }
    }

    @inline(never)
    private func output(of input: UpdateItemInput, _ update: ItemUpdate, _ outcome: UpdateOutcome) -> UpdateItemOutput {
        var consumption = Consumption(input.tableName, for: input.returnConsumedCapacity)
        consumption.addWrite(outcome.old, outcome.new, outcome.table)
        return UpdateItemOutput(
            attributes: update.attributes(input.returnValues, old: outcome.old, new: outcome.new),
            consumedCapacity: consumption.report(),
            itemCollectionMetrics: ItemCollection.metrics(input.key, outcome.table, input.returnItemCollectionMetrics)
        )
    }
}

/// The result of an update.
private struct UpdateOutcome: Sendable {
    let table: TableDescriptor
    let old: AttributeMap?
    let new: AttributeMap
}
