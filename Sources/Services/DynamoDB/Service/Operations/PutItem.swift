package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: PutItemInput, _ context: RequestContext) -> [ResourceAccess] {
        context.access("PutItem", input.tableName) { keys in
            keys.add(input.item)
            keys.add(
                condition: input.conditionExpression, input.expressionAttributeNames, input.expressionAttributeValues)
            keys.add(names: input.expected?.keys)
            keys.set(returnValues: input.returnValues)
            keys.set(returnConsumedCapacity: input.returnConsumedCapacity)
        }
    }

    /// Order of checks: the item's values, parameters that exclude each other, `ReturnValues`, expressions, the item's
    /// size, the table, the item's keys, the condition.
    package func putItem(
        _ input: PutItemInput, _ context: RequestContext
    ) async throws(ServiceError) -> PutItemOutput {
        let reference = try TableReference(input.tableName, context)
        let condition = try self.condition(of: input)
        let (old, table) = try await self.items.write(reference) { (table) throws(ServiceError) in
            try validating { () throws(ValidationFailure) in
                try ItemCheck.keys(input.item, table)
                try condition.check(table)
            }
            return input.item
        } decide: { (table, existing) throws(ServiceError) in
            try condition.check(existing)
            return (.put(input.item), (existing, table))
        }
        return self.output(of: input, old, table)
    }

    // Outside the asynchronous function, as in ItemStore.

    /// Makes the checks that do not depend on the table.
    @inline(never)
    private func condition(of input: PutItemInput) throws(ServiceError) -> WriteCondition {
        let condition = try validatingEnveloped { () throws(ValidationFailure) in
            try LegacyParameters.checkNotMixed(
                [("Expected", input.expected != nil), ("ConditionalOperator", input.conditionalOperator != nil)],
                with: [("ConditionExpression", input.conditionExpression != nil)]
            )
            try LegacyParameters.checkOperator(
                input.conditionalOperator, conditionCount: input.expected?.count ?? 0
            )
            if let failure = input.item.failure { throw ValidationFailure(failure.message) }
            try ReturnValuesCheck.oldOrNone(input.returnValues)
            return try WriteCondition(
                expression: input.conditionExpression,
                names: input.expressionAttributeNames,
                values: input.expressionAttributeValues,
                legacy: try LegacyCondition.expected(input.expected, input.conditionalOperator),
                returnsOld: input.returnValuesOnConditionCheckFailure,
                for: .itemWrite
            )
        }
        try validating { () throws(ValidationFailure) in try ItemCheck.size(input.item) }
        return condition
    }

    @inline(never)
    private func output(of input: PutItemInput, _ old: AttributeMap?, _ table: TableDescriptor) -> PutItemOutput {
        var consumption = Consumption(input.tableName, for: input.returnConsumedCapacity)
        consumption.addWrite(old, input.item, table)
        return PutItemOutput(
            attributes: input.returnValues == .allOld ? old : nil,
            consumedCapacity: consumption.report(),
            itemCollectionMetrics: ItemCollection.metrics(input.item, table, input.returnItemCollectionMetrics)
        )
    }
}
