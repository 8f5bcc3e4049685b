package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DeleteItemInput, _ context: RequestContext) -> [ResourceAccess] {
        context.access("DeleteItem", input.tableName) { keys in
            keys.add(input.key)
            keys.add(
                condition: input.conditionExpression, input.expressionAttributeNames, input.expressionAttributeValues)
            keys.add(names: input.expected?.keys)
            keys.set(returnValues: input.returnValues)
            keys.set(returnConsumedCapacity: input.returnConsumedCapacity)
        }
    }

    package func deleteItem(
        _ input: DeleteItemInput, _ context: RequestContext
    ) async throws(ServiceError) -> DeleteItemOutput {
        let reference = try TableReference(input.tableName, context)
        let condition = try validatingEnveloped { () throws(ValidationFailure) in
            try LegacyParameters.checkNotMixed(
                [("Expected", input.expected != nil), ("ConditionalOperator", input.conditionalOperator != nil)],
                with: [("ConditionExpression", input.conditionExpression != nil)]
            )
            try LegacyParameters.checkOperator(
                input.conditionalOperator, conditionCount: input.expected?.count ?? 0
            )
            if let failure = input.key.failure { throw ValidationFailure(failure.message) }
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
        let (old, table) = try await self.items.write(reference) { (table) throws(ServiceError) in
            try validating { () throws(ValidationFailure) in
                try KeyCheck.key(input.key, table.schema)
                try condition.check(table)
            }
            return input.key
        } decide: { (table, existing) throws(ServiceError) in
            try condition.check(existing)
            return (existing == nil ? .none : .delete, (existing, table))
        }
        var consumption = Consumption(input.tableName, for: input.returnConsumedCapacity)
        consumption.addWrite(old, nil, table)
        return DeleteItemOutput(
            attributes: input.returnValues == .allOld ? old : nil,
            consumedCapacity: consumption.report(),
            itemCollectionMetrics: ItemCollection.metrics(input.key, table, input.returnItemCollectionMetrics)
        )
    }
}
