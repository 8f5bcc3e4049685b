internal import DynamoDBValues

/// The part of each item that a read returns.
struct ItemProjection: Sendable {
    private let projection: Projection?

    /// For operations without other expressions.
    init(
        expression: String?, names: [String: String]?, attributesToGet: [String]?
    ) throws(ValidationFailure) {
        if expression == nil, names == nil, attributesToGet == nil {
            self.init(nil)
            return
        }
        try LegacyParameters.checkNotMixed(
            [("AttributesToGet", attributesToGet != nil)], with: [("ProjectionExpression", expression != nil)]
        )
        let legacy = try LegacyParameters.projection(attributesToGet)
        try ExpressionParameters.check(names: names, values: nil, [:], hasProjection: expression != nil)
        var context = try ExpressionContext(names: names, values: nil)
        try self.init(expression: expression, &context, legacy: legacy)
        try context.finish()
    }

    /// For operations with further expressions, which share names; `legacy` is the parameter that replaces an
    /// expression.
    init(
        expression: String?, _ context: inout ExpressionContext, legacy: Projection? = nil
    ) throws(ValidationFailure) {
        if let expression {
            self.projection = try context.projection(expression)
        } else {
            self.projection = legacy
        }
    }

    private init(_ projection: Projection?) {
        self.projection = projection
    }

    /// The top-level attributes that it reads; empty when items are returned whole.
    var attributeNames: [String] { self.projection?.attributeNames ?? [] }

    /// Refuses paths into key attributes.
    func check(_ table: TableDescriptor) throws(ValidationFailure) {
        try self.projection?.check(table.keyNames)
    }

    func apply(_ items: [AttributeMap]) -> [AttributeMap] {
        self.projection.map { projection in items.map(projection.apply(to:)) } ?? items
    }

    func apply(_ item: AttributeMap) -> AttributeMap {
        self.projection?.apply(to: item) ?? item
    }
}
