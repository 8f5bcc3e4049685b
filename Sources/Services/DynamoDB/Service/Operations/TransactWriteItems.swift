package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    /// To IAM, each action counts as the corresponding single operation.
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
        let items = input.transactItems
        for index in items.indices {
            if let check = items[index].conditionCheck {
                add(
                    "ConditionCheckItem", check.tableName, check.key, check.conditionExpression,
                    check.expressionAttributeNames, check.expressionAttributeValues)
            }
            if let put = items[index].put {
                add(
                    "PutItem", put.tableName, put.item, put.conditionExpression, put.expressionAttributeNames,
                    put.expressionAttributeValues)
            }
            if let delete = items[index].delete {
                add(
                    "DeleteItem", delete.tableName, delete.key, delete.conditionExpression,
                    delete.expressionAttributeNames, delete.expressionAttributeValues)
            }
            if let update = items[index].update {
                add(
                    "UpdateItem", update.tableName, update.key, update.conditionExpression,
                    update.expressionAttributeNames, update.expressionAttributeValues, update: update.updateExpression)
            }
        }
        return list.accesses
    }

    /// Order of checks: the content of each action, the tables, each action's keys, one action for each item,
    /// conditions, the total size of the items.
    package func transactWriteItems(
        _ input: TransactWriteItemsInput, _ context: RequestContext
    ) async throws(ServiceError) -> TransactWriteItemsOutput {
        var actions: [TransactAction] = []
        actions.reserveCapacity(input.transactItems.count)
        for index in input.transactItems.indices {
            actions.append(try Self.action(input.transactItems, at: index, context))
        }
        let token = IdempotencyToken(input.clientRequestToken, "dynamodb", context) { Self.fingerprint(input) }
        let outcome = try await self.items.transact(actions, token: token)
        var consumptions: [String: Consumption] = [:]
        var metrics: [String: [ItemCollectionMetrics]] = [:]
        for (action, row) in zip(actions, outcome.rows) {
            let kind: Consumption.Kind = outcome.isReplay ? .transactionalRead : .transactionalWrite
            consumptions[action.table, default: Consumption(action.table, for: input.returnConsumedCapacity, kind)]
                .addTransactional(row.existing, row.new, row.table)
            // A check does not affect a collection.
            guard action.isWrite else { continue }
            let collection = ItemCollection.metrics(action.key, row.table, input.returnItemCollectionMetrics)
            if let collection { Self.add(collection, to: &metrics[action.table, default: []]) }
        }
        return TransactWriteItemsOutput(
            consumedCapacity: Consumption.reports(consumptions, order: actions.map(\.table)),
            itemCollectionMetrics: metrics.isEmpty ? nil : metrics
        )
    }

    // Items are accessed by index: each has room for four kinds of actions, and a copy would copy all of them.

    private static func action(
        _ items: [TransactWriteItem], at index: Int, _ context: RequestContext
    ) throws(ServiceError) -> TransactAction {
        let kindCount =
            (items[index].conditionCheck == nil ? 0 : 1) + (items[index].put == nil ? 0 : 1)
            + (items[index].delete == nil ? 0 : 1) + (items[index].update == nil ? 0 : 1)
        guard kindCount < 2 else {
            throw .validation("TransactItems can only contain one of Check, Put, Update or Delete")
        }
        if let check = items[index].conditionCheck { return try TransactAction(check, context) }
        if let put = items[index].put { return try TransactAction(put, context) }
        if let delete = items[index].delete { return try TransactAction(delete, context) }
        if let update = items[index].update { return try TransactAction(update, context) }
        throw .validation("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
    }

    // The token

    private static func fingerprint(_ input: TransactWriteItemsInput) -> [UInt8] {
        var digest = RequestDigest()
        digest.add(input.returnConsumedCapacity?.rawValue)
        digest.add(input.returnItemCollectionMetrics?.rawValue)
        let items = input.transactItems
        for index in items.indices {
            if let check = items[index].conditionCheck {
                digest.add("ConditionCheck", check.tableName, check.key, [check.conditionExpression])
                digest.add(check.expressionAttributeNames, check.expressionAttributeValues)
                digest.add(check.returnValuesOnConditionCheckFailure?.rawValue)
            }
            if let put = items[index].put {
                digest.add("Put", put.tableName, put.item, [put.conditionExpression])
                digest.add(put.expressionAttributeNames, put.expressionAttributeValues)
                digest.add(put.returnValuesOnConditionCheckFailure?.rawValue)
            }
            if let delete = items[index].delete {
                digest.add("Delete", delete.tableName, delete.key, [delete.conditionExpression])
                digest.add(delete.expressionAttributeNames, delete.expressionAttributeValues)
                digest.add(delete.returnValuesOnConditionCheckFailure?.rawValue)
            }
            if let update = items[index].update {
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

extension TransactionCanceledException: SizedOutput {
    /// It shows the items whose conditions failed, if the request asks for them.
    package var heldBytes: Int {
        (self.cancellationReasons ?? []).reduce(0) { $0 + ($1.item?.byteCount ?? 0) }
    }
}
