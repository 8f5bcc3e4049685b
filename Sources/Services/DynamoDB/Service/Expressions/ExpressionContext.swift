package import DynamoDBValues

/// The state shared by the expressions of one request: the names and values of its placeholders.
///
/// Create one for each request, compile its expressions with it in the order in which AWS checks them, then call
/// `finish`, which refuses unused placeholders:
///
/// ```swift
/// var context = try ExpressionContext(names: input.expressionAttributeNames, values: input.expressionAttributeValues)
/// let update = try context.update(text)
/// let condition = try context.condition(text, .condition)
/// try context.finish()
/// ```
///
/// Every failure here is one that AWS reports without looking at the table; PutItem, UpdateItem and DeleteItem wrap it
/// in an envelope (`ValidationFailure.enveloped`).
package struct ExpressionContext: Sendable {
    private static let namesParameter = "ExpressionAttributeNames"
    private static let valuesParameter = "ExpressionAttributeValues"

    private static let conditions = WrittenExpressions<Int32>()
    private static let projections = WrittenExpressions<[Int32]>()
    private static let updates = WrittenExpressions<[WrittenAction]>()

    private var names: Placeholders
    private let attributeNames: [[UInt8]]
    private var values: Placeholders
    private let attributeValues: [StoredValue]

    /// Whose expressions they are: AWS words an invalid set in two ways.
    package enum Caller: Sendable {
        /// PutItem, UpdateItem or DeleteItem.
        case itemWrite
        case other
    }

    package init(
        names: [String: String]?, values: AttributeMap?, for caller: Caller = .other
    ) throws(ValidationFailure) {
        if let names {
            guard !names.isEmpty else { throw ValidationFailure("\(Self.namesParameter) must not be empty") }
            try Self.checkSize(names)
            // Sorted, so that the same request gets the same answer each time.
            let sorted = names.count == 1 ? Array(names) : names.sorted { $0.key < $1.key }
            self.names = Placeholders(sorted.map { Array($0.key.utf8)[...] })
            self.attributeNames = sorted.map { Array($0.value.utf8) }
            try self.names.checkForm(Self.namesParameter, prefix: "#")
            if let empty = sorted.first(where: { $0.value.isEmpty }) {
                throw ValidationFailure(
                    "\(Self.namesParameter) contains invalid value: Empty attribute name for key \(empty.key)"
                )
            }
        } else {
            self.names = .none
            self.attributeNames = []
        }
        if let values {
            guard !values.isEmpty else { throw ValidationFailure("\(Self.valuesParameter) must not be empty") }
            var keys: [ArraySlice<UInt8>] = []
            var contents: [StoredValue] = []
            keys.reserveCapacity(values.count)
            contents.reserveCapacity(values.count)
            for entry in values.attributes {
                keys.append(entry.name)
                contents.append(entry.value)
            }
            self.values = Placeholders(keys)
            self.attributeValues = contents
            try self.values.checkForm(Self.valuesParameter, prefix: ":")
            if let failure = values.failure { throw Self.invalidValue(failure, for: caller) }
        } else {
            self.values = .none
            self.attributeValues = []
        }
    }

    /// AWS documents the limit, but not its error.
    private static func checkSize(_ names: [String: String]) throws(ValidationFailure) {
        var utf8Count = 0
        for (key, value) in names { utf8Count += key.utf8.count + value.utf8.count }
        guard utf8Count <= AttributeMap.expressionParametersBytesMax else {
            throw .expressionParametersTooLarge(self.namesParameter)
        }
    }

    /// The error for an invalid value: with its key, except for errors that AWS reports without one.
    private static func invalidValue(_ failure: AttributeMap.Failure, for caller: Caller) -> ValidationFailure {
        let isBare =
            failure.message.hasPrefix("Nesting Levels") || failure.message.hasPrefix("Attribute name is too large")
            || failure.message.hasSuffix("must have the value of true")
            || failure == AttributeMap.Failure.expressionValuesTooLarge
            || caller == .itemWrite && failure.message.hasPrefix("One or more parameter values were invalid")
        guard !isBare else { return ValidationFailure(failure.message) }
        return ValidationFailure(
            "\(self.valuesParameter) contains invalid value: \(failure.message) for key \(failure.attribute)"
        )
    }

    /// Refuses names and values that no expression used. Call it after the last expression.
    package func finish() throws(ValidationFailure) {
        try self.names.checkUse(of: Self.namesParameter)
        try self.values.checkUse(of: Self.valuesParameter)
    }

    /// Compiles a condition or filter.
    package mutating func condition(
        _ text: String, _ kind: ExpressionKind = .condition
    ) throws(ValidationFailure) -> Condition {
        precondition(kind != .update && kind != .projection, "an update or a projection is no condition")
        let written = try Self.conditions.expression(text, kind) { (bytes) throws(ValidationFailure) in
            let (tree, root) = try ExpressionParser.condition(bytes, kind)
            try PlaceCheck(kind, tree).condition(root)
            return (tree, root)
        }
        var check = OperandCheck(kind, written.tree, self.moved())
        try check.condition(written.content)
        let tree: SyntaxTree
        (tree, self) = check.finish()
        return Condition(tree: tree, root: written.content)
    }

    /// Compiles the key condition of a query; `KeyCondition.resolved` then checks it against the key schema.
    package mutating func keyCondition(_ text: String) throws(ValidationFailure) -> KeyCondition {
        try KeyCondition(try self.condition(text, .keyCondition))
    }

    /// Compiles a projection.
    package mutating func projection(_ text: String) throws(ValidationFailure) -> Projection {
        let written = try Self.projections.expression(text, .projection) { (bytes) throws(ValidationFailure) in
            let (tree, paths) = try ExpressionParser.projection(bytes)
            for path in paths { try PlaceCheck(.projection, tree).path(tree.nodes[Int(path)]) }
            return (tree, paths)
        }
        var check = OperandCheck(.projection, written.tree, self.moved())
        for path in written.content { try check.path(path) }
        let tree: SyntaxTree
        (tree, self) = check.finish()
        let resolved = written.content.map { tree.path(tree.nodes[Int($0)]) }
        try PathOverlap.check(resolved, .projection)
        return Projection(resolved)
    }

    /// Compiles an update.
    package mutating func update(_ text: String) throws(ValidationFailure) -> UpdatePlan {
        let written = try Self.updates.expression(text, .update) { (bytes) throws(ValidationFailure) in
            let (tree, actions) = try ExpressionParser.update(bytes)
            try PlaceCheck(.update, tree).update(actions)
            return (tree, actions)
        }
        var check = OperandCheck(.update, written.tree, self.moved())
        try check.update(written.content)
        let tree: SyntaxTree
        (tree, self) = check.finish()
        return UpdatePlan(tree: tree, actions: written.content)
    }

    /// Moves the context out, so that marks are set in place and not in a copy. After a refused expression, the context
    /// is left without names and values.
    private mutating func moved() -> ExpressionContext {
        let context = self
        self = ExpressionContext()
        return context
    }

    private init() {
        self.names = .none
        self.attributeNames = []
        self.values = .none
        self.attributeValues = []
    }

    /// The attribute that `#name` stands for; marks it as used.
    mutating func attributeName(_ placeholder: ArraySlice<UInt8>) -> [UInt8]? {
        self.names.use(placeholder).map { self.attributeNames[$0] }
    }

    /// The value that `:value` stands for; marks it as used.
    mutating func attributeValue(_ placeholder: ArraySlice<UInt8>) -> StoredValue? {
        self.values.use(placeholder).map { self.attributeValues[$0] }
    }
}
