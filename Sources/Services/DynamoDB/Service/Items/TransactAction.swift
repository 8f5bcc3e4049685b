internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel

/// One action of a TransactWriteItems request, or one write in PartiQL, compiled once, with the checks of the operation
/// of its own.
///
/// Names and values that come without an expression are passed over, which the operations of their own refuse.
/// - Source: answers of AWS in June 2026, as public issues quote them.
final class TransactAction: Sendable {
    private enum Work: Sendable {
        case put
        /// A put that fails if the item exists.
        case insert
        case update(ItemUpdate)
        case delete
        /// A delete whose condition is evaluated only if the item exists.
        case deletePresent
        case check
    }

    let reference: TableReference
    /// The table as the request names it.
    let table: String
    /// The key; of a Put, the item.
    let key: AttributeMap
    private let work: Work
    private let condition: WriteCondition
    /// An error of the request's content that AWS finds when it runs the transaction.
    private let late: ValidationFailure?

    /// False for an action that only checks its item.
    var isWrite: Bool {
        if case .check = self.work { false } else { true }
    }

    /// What becomes of the item, and what it is afterwards.
    struct Decision: Sendable {
        let change: ItemStore.Change
        let new: AttributeMap?
    }

    convenience init(_ put: Put, _ context: RequestContext) throws(ServiceError) {
        let condition = try validating { () throws(ValidationFailure) in
            if let failure = put.item.failure { throw ValidationFailure(failure.message) }
            return try WriteCondition(
                expression: put.conditionExpression,
                names: put.conditionExpression == nil ? nil : put.expressionAttributeNames,
                values: put.conditionExpression == nil ? nil : put.expressionAttributeValues,
                returnsOld: put.returnValuesOnConditionCheckFailure,
                for: .other
            )
        }
        try validating { () throws(ValidationFailure) in try ItemCheck.size(put.item) }
        try self.init(put.tableName, put.item, .put, condition, context)
    }

    /// Values that are nested too deeply cancel the transaction, and those of a ConditionCheck are not refused.
    ///
    /// - Source: answers of AWS that a conformance suite recorded in September 2026.
    convenience init(_ update: Update, _ context: RequestContext) throws(ServiceError) {
        let deepValues = update.expressionAttributeValues?.atAnyDepth
        let compiled = try validating { () throws(ValidationFailure) in
            if let failure = update.key.failure { throw ValidationFailure(failure.message) }
            return try ItemUpdate(
                UpdateItemInput(
                    tableName: update.tableName,
                    key: update.key,
                    updateExpression: update.updateExpression,
                    conditionExpression: update.conditionExpression,
                    expressionAttributeNames: update.expressionAttributeNames,
                    expressionAttributeValues: deepValues ?? update.expressionAttributeValues,
                    returnValuesOnConditionCheckFailure: update.returnValuesOnConditionCheckFailure
                ),
                for: .other
            )
        }
        let late = deepValues == nil ? nil : update.expressionAttributeValues?.failure
        self.init(
            try TableReference(update.tableName, context), update.tableName, update.key, .update(compiled),
            compiled.condition, late: late.map { ValidationFailure($0.message) })
    }

    convenience init(_ delete: Delete, _ context: RequestContext) throws(ServiceError) {
        let condition = try validating { () throws(ValidationFailure) in
            if let failure = delete.key.failure { throw ValidationFailure(failure.message) }
            return try WriteCondition(
                expression: delete.conditionExpression,
                names: delete.conditionExpression == nil ? nil : delete.expressionAttributeNames,
                values: delete.conditionExpression == nil ? nil : delete.expressionAttributeValues,
                returnsOld: delete.returnValuesOnConditionCheckFailure,
                for: .other
            )
        }
        try self.init(delete.tableName, delete.key, .delete, condition, context)
    }

    convenience init(_ check: ConditionCheck, _ context: RequestContext) throws(ServiceError) {
        let condition = try validating { () throws(ValidationFailure) in
            if let failure = check.key.failure { throw ValidationFailure(failure.message) }
            return try WriteCondition(
                expression: check.conditionExpression,
                names: check.expressionAttributeNames,
                values: check.expressionAttributeValues?.atAnyDepth ?? check.expressionAttributeValues,
                returnsOld: check.returnValuesOnConditionCheckFailure,
                for: .other
            )
        }
        try self.init(check.tableName, check.key, .check, condition, context)
    }

    // PartiQL

    convenience init(inserting item: AttributeMap, _ reference: TableReference, _ table: String) {
        self.init(reference, table, item, .insert, .none)
    }

    convenience init(updating key: AttributeMap, _ update: ItemUpdate, _ reference: TableReference, _ table: String) {
        self.init(reference, table, key, .update(update), update.condition)
    }

    convenience init(
        deletingPresent key: AttributeMap, _ condition: WriteCondition, _ reference: TableReference, _ table: String
    ) {
        self.init(reference, table, key, .deletePresent, condition)
    }

    convenience init(
        checking key: AttributeMap, _ condition: WriteCondition, _ reference: TableReference, _ table: String
    ) {
        self.init(reference, table, key, .check, condition)
    }

    private init(
        _ reference: TableReference, _ table: String, _ key: AttributeMap, _ work: Work, _ condition: WriteCondition,
        late: ValidationFailure? = nil
    ) {
        self.late = late
        self.reference = reference
        self.table = table
        self.key = key
        self.work = work
        self.condition = condition
    }

    private convenience init(
        _ table: String, _ key: AttributeMap, _ work: Work, _ condition: WriteCondition, _ context: RequestContext
    ) throws(ServiceError) {
        self.init(try TableReference(table, context), table, key, work, condition)
    }

    /// What can be said once the table is known.
    func check(_ table: TableDescriptor) throws(ValidationFailure) {
        switch self.work {
        case .put, .insert:
            try ItemCheck.keys(self.key, table)
            try self.condition.check(table)
        case .update(let update):
            try KeyCheck.key(self.key, table.schema)
            try update.check(table)
            if let late = self.late { throw late }
        case .delete, .deletePresent, .check:
            try KeyCheck.key(self.key, table.schema)
            try self.condition.check(table)
        }
    }

    /// - Throws: `ConditionalCheckFailedException` or `ValidationException`.
    func decide(_ existing: AttributeMap?, _ table: TableDescriptor) throws(ServiceError) -> Decision {
        if case .deletePresent = self.work, existing == nil { return Decision(change: .none, new: nil) }
        try self.condition.check(existing)
        switch self.work {
        case .insert where existing != nil:
            throw DynamoDBError.duplicateItem(message: "Duplicate primary key exists in table")
        case .put, .insert: return Decision(change: .put(self.key), new: self.key)
        case .delete, .deletePresent: return Decision(change: existing == nil ? .none : .delete, new: nil)
        case .check: return Decision(change: .none, new: existing)
        case .update(let update):
            let updated = try validating { () throws(ValidationFailure) in
                let updated = try update.apply(to: existing, key: self.key)
                try ItemCheck.updated(updated, was: existing, table)
                return updated
            }
            // Removing attributes of an absent item does not create it.
            let isLeft = existing == nil && update.leavesAbsent(updated, key: self.key)
            return Decision(change: isLeft ? .none : .put(updated), new: isLeft ? nil : updated)
        }
    }

    /// The attributes that a statement's RETURNING clause requests; nil if there are none to return.
    func returned(_ returning: PartiQLReturning?, _ row: ItemStore.TransactRow) -> AttributeMap? {
        switch (returning, self.work) {
        case (nil, _): nil
        case (.allOld?, _): row.existing
        case (.allNew?, _): row.new
        case (.modifiedOld?, .update(let update)):
            row.new.flatMap { update.attributes(.updatedOld, old: row.existing, new: $0) }
        case (.modifiedNew?, .update(let update)):
            row.new.flatMap { update.attributes(.updatedNew, old: row.existing, new: $0) }
        case (.modifiedOld?, _), (.modifiedNew?, _): nil
        }
    }
}
