package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    /// As IAM sees it, each action is what the operation of its own would be.
    package func access(_ input: TransactWriteItemsInput, _ context: RequestContext) -> [ResourceAccess] {
        var list = AccessList(context)
        func add(
            _ action: String, _ table: String, _ item: AttributeMap, _ condition: String?,
            _ names: [String: String]?, _ values: AttributeMap?, update: String? = nil
        ) {
            list.add(action, table) { keys in
                keys.add(item)
                keys.add(update: update, names, values)
                keys.add(condition: condition, names, values)
                keys.set(returnValues: nil)
                keys.set(returnConsumedCapacity: input.returnConsumedCapacity)
                keys.set(enclosing: "TransactWriteItems")
            }
        }
        for item in input.transactItems {
            if let check = item.conditionCheck {
                add(
                    "ConditionCheckItem", check.tableName, check.key, check.conditionExpression,
                    check.expressionAttributeNames, check.expressionAttributeValues)
            }
            if let put = item.put {
                add(
                    "PutItem", put.tableName, put.item, put.conditionExpression, put.expressionAttributeNames,
                    put.expressionAttributeValues)
            }
            if let delete = item.delete {
                add(
                    "DeleteItem", delete.tableName, delete.key, delete.conditionExpression,
                    delete.expressionAttributeNames, delete.expressionAttributeValues)
            }
            if let update = item.update {
                add(
                    "UpdateItem", update.tableName, update.key, update.conditionExpression,
                    update.expressionAttributeNames, update.expressionAttributeValues, update: update.updateExpression)
            }
        }
        return list.accesses
    }

    /// Order of checks: what each action says, the tables, each action's keys, one action for each item, conditions,
    /// the size of all items together.
    package func transactWriteItems(
        _ input: TransactWriteItemsInput, _ context: RequestContext
    ) async throws(ServiceError) -> TransactWriteItemsOutput {
        var actions: [TransactAction] = []
        for item in input.transactItems { actions.append(try Self.action(item, context)) }
        let token = IdempotencyToken(input.clientRequestToken, "dynamodb", context) { Self.fingerprint(input) }
        let outcome = try await self.items.transact(actions, token: token)
        var consumptions: [String: Consumption] = [:]
        var metrics: [String: [ItemCollectionMetrics]] = [:]
        for (action, row) in zip(actions, outcome.rows) {
            let kind: Consumption.Kind = outcome.isReplay ? .transactionalRead : .transactionalWrite
            consumptions[action.table, default: Consumption(action.table, for: input.returnConsumedCapacity, kind)]
                .addTransactional(row.existing, row.new, row.table)
            let collection = ItemCollection.metrics(action.key, row.table, input.returnItemCollectionMetrics)
            if let collection { Self.add(collection, to: &metrics[action.table, default: []]) }
        }
        return TransactWriteItemsOutput(
            consumedCapacity: Consumption.reports(consumptions, order: actions.map(\.table)),
            itemCollectionMetrics: metrics.isEmpty ? nil : metrics
        )
    }

    private static func action(
        _ item: TransactWriteItem, _ context: RequestContext
    ) throws(ServiceError) -> TransactAction {
        switch (item.conditionCheck, item.put, item.delete, item.update) {
        case (let check?, nil, nil, nil): return try TransactAction(check, context)
        case (nil, let put?, nil, nil): return try TransactAction(put, context)
        case (nil, nil, let delete?, nil): return try TransactAction(delete, context)
        case (nil, nil, nil, let update?): return try TransactAction(update, context)
        case (nil, nil, nil, nil):
            throw .validation("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
        default:
            throw .validation("TransactItems can only contain one of Check, Put, Update or Delete")
        }
    }

    // The token

    private static func fingerprint(_ input: TransactWriteItemsInput) -> [UInt8] {
        var digest = RequestDigest()
        digest.add(input.returnConsumedCapacity?.rawValue)
        digest.add(input.returnItemCollectionMetrics?.rawValue)
        for item in input.transactItems {
            if let check = item.conditionCheck {
                digest.add("ConditionCheck", check.tableName, check.key, [check.conditionExpression])
                digest.add(check.expressionAttributeNames, check.expressionAttributeValues)
                digest.add(check.returnValuesOnConditionCheckFailure?.rawValue)
            }
            if let put = item.put {
                digest.add("Put", put.tableName, put.item, [put.conditionExpression])
                digest.add(put.expressionAttributeNames, put.expressionAttributeValues)
                digest.add(put.returnValuesOnConditionCheckFailure?.rawValue)
            }
            if let delete = item.delete {
                digest.add("Delete", delete.tableName, delete.key, [delete.conditionExpression])
                digest.add(delete.expressionAttributeNames, delete.expressionAttributeValues)
                digest.add(delete.returnValuesOnConditionCheckFailure?.rawValue)
            }
            if let update = item.update {
                let expressions = [update.updateExpression, update.conditionExpression]
                digest.add("Update", update.tableName, update.key, expressions)
                digest.add(update.expressionAttributeNames, update.expressionAttributeValues)
                digest.add(update.returnValuesOnConditionCheckFailure?.rawValue)
            }
        }
        return digest.bytes
    }
}

extension RequestDigest {
    fileprivate mutating func add(_ action: String, _ table: String, _ key: AttributeMap, _ expressions: [String?]) {
        self.add(action)
        self.add(table)
        self.add(key)
        for expression in expressions { self.add(expression) }
    }

    fileprivate mutating func add(_ names: [String: String]?, _ values: AttributeMap?) {
        self.add(names)
        self.add(values)
    }
}
