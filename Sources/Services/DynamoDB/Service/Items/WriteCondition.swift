internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel

/// The condition of a write, compiled once a request, and what its failure shows.
struct WriteCondition: Sendable {
    private let condition: Condition?
    private let returnsOld: Bool

    /// For operations without other expressions: names and values that the condition does not use are refused.
    ///
    /// `legacy` is what stands in the place of an expression.
    init(
        expression: String?,
        names: [String: String]?,
        values: AttributeMap?,
        legacy: Condition? = nil,
        returnsOld: ReturnValuesOnConditionCheckFailure?,
        for caller: ExpressionContext.Caller
    ) throws(ValidationFailure) {
        // As most writes are: there is nothing to read.
        guard expression != nil || names != nil || values != nil else {
            self.init(legacy, returnsOld: returnsOld)
            return
        }
        try ExpressionParameters.check(names: names, values: values, ["ConditionExpression": expression])
        var context = try ExpressionContext(names: names, values: values, for: caller)
        try self.init(expression: expression, &context, legacy: legacy, returnsOld: returnsOld)
        try context.finish()
    }

    /// For operations with more expressions, which share names and values.
    init(
        expression: String?,
        _ context: inout ExpressionContext,
        legacy: Condition? = nil,
        returnsOld: ReturnValuesOnConditionCheckFailure?
    ) throws(ValidationFailure) {
        if let expression {
            self.condition = try context.condition(expression)
        } else {
            self.condition = legacy
        }
        self.returnsOld = returnsOld == .allOld
    }

    /// No condition at all.
    static let none = WriteCondition(nil, returnsOld: nil)

    /// For conditions that were compiled elsewhere; nil always holds.
    init(_ condition: Condition?, returnsOld: ReturnValuesOnConditionCheckFailure?) {
        self.condition = condition
        self.returnsOld = returnsOld == .allOld
    }

    /// Refuses paths into key attributes.
    func check(_ table: TableDescriptor) throws(ValidationFailure) {
        try self.condition?.check(table.keyNames)
    }

    /// - Throws: `ConditionalCheckFailedException`, with the item when the request asks for it.
    func check(_ existing: AttributeMap?) throws(ServiceError) {
        guard let condition = self.condition, !condition.holds(for: existing) else { return }
        throw DynamoDBError.conditionalCheckFailed(
            message: "The conditional request failed",
            item: self.returnsOld ? existing : nil
        )
    }
}

extension TableDescriptor {
    /// The key attributes, as expressions must know them.
    var keyNames: KeyNames {
        KeyNames(self.schema, indexes: self.indexes.map(\.schema))
    }
}
