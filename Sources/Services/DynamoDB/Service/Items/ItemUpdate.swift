internal import DynamoDBModel
internal import DynamoDBValues

/// What an UpdateItem request asks for, compiled once.
struct ItemUpdate: Sendable {
    let condition: WriteCondition
    private let plan: UpdatePlan?

    /// Refuses legacy parameters beside expressions, and a ConditionalOperator without conditions.
    static func checkNotMixed(_ input: UpdateItemInput) throws(ValidationFailure) {
        try LegacyParameters.checkNotMixed(
            [
                ("AttributeUpdates", input.attributeUpdates != nil), ("Expected", input.expected != nil),
                ("ConditionalOperator", input.conditionalOperator != nil),
            ],
            with: [
                ("UpdateExpression", input.updateExpression != nil),
                ("ConditionExpression", input.conditionExpression != nil),
            ]
        )
        try LegacyParameters.checkOperator(input.conditionalOperator, conditionCount: input.expected?.count ?? 0)
    }

    init(_ input: UpdateItemInput, for caller: ExpressionContext.Caller) throws(ValidationFailure) {
        let legacyPlan = try LegacyUpdate.plan(input.attributeUpdates)
        let legacyCondition = try LegacyCondition.expected(input.expected, input.conditionalOperator)
        try ExpressionParameters.check(
            names: input.expressionAttributeNames,
            values: input.expressionAttributeValues,
            ["UpdateExpression": input.updateExpression, "ConditionExpression": input.conditionExpression]
        )
        var context = try ExpressionContext(
            names: input.expressionAttributeNames,
            values: input.expressionAttributeValues,
            for: caller
        )
        if let expression = input.updateExpression {
            self.plan = try context.update(expression)
        } else {
            self.plan = legacyPlan
        }
        self.condition = try WriteCondition(
            expression: input.conditionExpression,
            &context,
            legacy: legacyCondition,
            returnsOld: input.returnValuesOnConditionCheckFailure
        )
        try context.finish()
    }

    /// For updates that were compiled elsewhere.
    init(_ plan: UpdatePlan, _ condition: WriteCondition) {
        self.plan = plan
        self.condition = condition
    }

    /// - Throws: when the update touches the table's key, or gives an index's key a value of another type.
    func check(_ table: TableDescriptor) throws(ValidationFailure) {
        if let plan = self.plan {
            try plan.check(table.keyNames)
            for index in table.indexes where index.state == .active {
                for element in index.schema.elements {
                    guard let type = plan.givenType(of: element.name), type != element.type else { continue }
                    throw .indexType(element, type, indexName: index.name)
                }
            }
        }
        try self.condition.check(table)
    }

    /// The item after the update. An update without an expression creates an absent item from its key.
    func apply(to item: AttributeMap?, key: AttributeMap) throws(ValidationFailure) -> AttributeMap {
        try self.plan?.apply(to: item, key: key) ?? item ?? key
    }

    /// Whether an absent item stays absent: the update only removes attributes.
    func leavesAbsent(_ updated: AttributeMap, key: AttributeMap) -> Bool {
        self.plan != nil && updated.count == key.count
    }

    /// The attributes that `ReturnValues` requests; nil if there are none to return.
    func attributes(_ wanted: ReturnValue?, old: AttributeMap?, new: AttributeMap) -> AttributeMap? {
        switch wanted {
        case .some(.allOld): old
        case .some(.allNew): new
        case .some(.updatedOld): self.plan?.updatedAttributes(of: old)
        case .some(.updatedNew): self.plan?.updatedAttributes(of: new)
        default: nil
        }
    }
}
