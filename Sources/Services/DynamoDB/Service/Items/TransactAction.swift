internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel

/// One action of a TransactWriteItems request, compiled once, with the checks of the operation of its own.
struct TransactAction: Sendable {
    private enum Work: Sendable {
        case put
        case update(ItemUpdate)
        case delete
        case check
    }

    let reference: TableReference
    /// The table as the request names it.
    let table: String
    /// The key; of a Put, the item.
    let key: AttributeMap
    private let work: Work
    private let condition: WriteCondition

    /// What becomes of the item, and what it is afterwards.
    struct Decision: Sendable {
        let change: ItemStore.Change
        let new: AttributeMap?
    }

    init(_ put: Put, _ context: RequestContext) throws(ServiceError) {
        let condition = try validatingEnveloped { () throws(ValidationFailure) in
            if let failure = put.item.failure { throw ValidationFailure(failure.message) }
            return try WriteCondition(
                expression: put.conditionExpression,
                names: put.expressionAttributeNames,
                values: put.expressionAttributeValues,
                returnsOld: put.returnValuesOnConditionCheckFailure,
                isEnveloped: true
            )
        }
        try validating { () throws(ValidationFailure) in try ItemCheck.size(put.item) }
        try self.init(put.tableName, put.item, .put, condition, context)
    }

    init(_ update: Update, _ context: RequestContext) throws(ServiceError) {
        let compiled = try validatingEnveloped { () throws(ValidationFailure) in
            if let failure = update.key.failure { throw ValidationFailure(failure.message) }
            return try ItemUpdate(
                UpdateItemInput(
                    tableName: update.tableName,
                    key: update.key,
                    updateExpression: update.updateExpression,
                    conditionExpression: update.conditionExpression,
                    expressionAttributeNames: update.expressionAttributeNames,
                    expressionAttributeValues: update.expressionAttributeValues,
                    returnValuesOnConditionCheckFailure: update.returnValuesOnConditionCheckFailure
                )
            )
        }
        try self.init(update.tableName, update.key, .update(compiled), compiled.condition, context)
    }

    init(_ delete: Delete, _ context: RequestContext) throws(ServiceError) {
        let condition = try validating { () throws(ValidationFailure) in
            if let failure = delete.key.failure { throw ValidationFailure(failure.message) }
            return try WriteCondition(
                expression: delete.conditionExpression,
                names: delete.expressionAttributeNames,
                values: delete.expressionAttributeValues,
                returnsOld: delete.returnValuesOnConditionCheckFailure,
                isEnveloped: false
            )
        }
        try self.init(delete.tableName, delete.key, .delete, condition, context)
    }

    init(_ check: ConditionCheck, _ context: RequestContext) throws(ServiceError) {
        let condition = try validating { () throws(ValidationFailure) in
            if let failure = check.key.failure { throw ValidationFailure(failure.message) }
            return try WriteCondition(
                expression: check.conditionExpression,
                names: check.expressionAttributeNames,
                values: check.expressionAttributeValues,
                returnsOld: check.returnValuesOnConditionCheckFailure,
                isEnveloped: false
            )
        }
        try self.init(check.tableName, check.key, .check, condition, context)
    }

    private init(
        _ table: String, _ key: AttributeMap, _ work: Work, _ condition: WriteCondition, _ context: RequestContext
    ) throws(ServiceError) {
        self.reference = try TableReference(table, context)
        self.table = table
        self.key = key
        self.work = work
        self.condition = condition
    }

    /// What can be said once the table is known.
    func check(_ table: TableDescriptor) throws(ValidationFailure) {
        switch self.work {
        case .put:
            try ItemCheck.keys(self.key, table)
            try self.condition.check(table)
        case .update(let update):
            try KeyCheck.key(self.key, table.schema)
            try update.check(table)
        case .delete, .check:
            try KeyCheck.key(self.key, table.schema)
            try self.condition.check(table)
        }
    }

    /// - Throws: `ConditionalCheckFailedException` or `ValidationException`.
    func decide(_ existing: AttributeMap?, _ table: TableDescriptor) throws(ServiceError) -> Decision {
        try self.condition.check(existing)
        switch self.work {
        case .put: return Decision(change: .put(self.key), new: self.key)
        case .delete: return Decision(change: existing == nil ? .none : .delete, new: nil)
        case .check: return Decision(change: .none, new: existing)
        case .update(let update):
            let updated = try validating { () throws(ValidationFailure) in
                let updated = try update.apply(to: existing, key: self.key)
                try ItemCheck.updated(updated, was: existing, table)
                return updated
            }
            // Removing from an item that is not there does not make it.
            let isLeft = existing == nil && update.leavesAbsent(updated, key: self.key)
            return Decision(change: isLeft ? .none : .put(updated), new: isLeft ? nil : updated)
        }
    }
}
