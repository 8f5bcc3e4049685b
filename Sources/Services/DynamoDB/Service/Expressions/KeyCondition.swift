package import DynamoDBValues

/// A compiled key condition, not yet resolved against a key: equalities and comparisons of attributes, joined by `AND`.
package struct KeyCondition: Sendable {
    /// The condition on one attribute, which is the left operand.
    package struct Term: Sendable {
        package let name: String
        /// nil for a condition that no key can be searched by, which only the parameter KeyConditions admits.
        package let comparison: KeyComparison?
    }

    package let terms: [Term]

    /// Terms of the legacy parameter KeyConditions.
    package init(_ terms: [Term]) {
        self.terms = terms
    }

    /// - Throws: when the condition cannot be a key condition, whatever the key.
    init(_ condition: Condition) throws(ValidationFailure) {
        var reader = KeyConditionReader(condition.tree)
        try reader.visit(condition.root)
        self.terms = reader.terms
    }
}

/// The comparison with one attribute of a key.
package enum KeyComparison: Sendable {
    case equal(StoredValue)
    case less(StoredValue)
    case lessOrEqual(StoredValue)
    case greater(StoredValue)
    case greaterOrEqual(StoredValue)
    case between(StoredValue, StoredValue)
    case beginsWith(StoredValue)

    /// The values that the attribute is compared with.
    package var values: [StoredValue] {
        switch self {
        case .equal(let value), .less(let value), .lessOrEqual(let value), .greater(let value),
            .greaterOrEqual(let value), .beginsWith(let value):
            [value]
        case .between(let lower, let upper): [lower, upper]
        }
    }

    init?(_ symbol: ExpressionToken.Kind, _ value: StoredValue) {
        switch symbol {
        case .equal: self = .equal(value)
        case .less: self = .less(value)
        case .lessOrEqual: self = .lessOrEqual(value)
        case .greater: self = .greater(value)
        case .greaterOrEqual: self = .greaterOrEqual(value)
        default: return nil
        }
    }
}

/// Splits a condition into the terms of a key condition.
private struct KeyConditionReader {
    private let tree: SyntaxTree
    private(set) var terms: [KeyCondition.Term] = []

    init(_ tree: SyntaxTree) {
        self.tree = tree
    }

    mutating func visit(_ index: Int32) throws(ValidationFailure) {
        let node = self.tree.bare(index)
        switch node.kind {
        case .and:
            for child in self.tree.children(of: node) { try self.visit(child) }
        case .or: throw self.invalidOperator("OR")
        case .not: throw self.invalidOperator("NOT")
        case .oneOf: throw self.invalidOperator("IN")
        case .comparison where node.symbol == .notEqual: throw self.invalidOperator("<>")
        case .function where node.function != .beginsWith: throw self.invalidOperator(node.function.name)
        default: try self.append(node)
        }
    }

    private func invalid(_ detail: String) -> ValidationFailure {
        ExpressionKind.keyCondition.invalid(detail)
    }

    private func invalidOperator(_ name: String) -> ValidationFailure {
        self.invalid("Invalid operator used in KeyConditionExpression: \(name)")
    }

    private mutating func append(_ node: SyntaxNode) throws(ValidationFailure) {
        // Not `map(self.tree.bare)`, which would copy the tree.
        var operands: [SyntaxNode] = []
        for child in self.tree.children(of: node) { operands.append(self.tree.bare(child)) }
        if operands.contains(where: { $0.kind == .function }) {
            throw self.invalid("KeyConditionExpressions cannot contain nested operations")
        }
        if operands[0].kind != .path, node.kind != .comparison {
            let name = node.kind == .between ? "BETWEEN" : node.function.name
            throw self.invalid(
                "Invalid condition in KeyConditionExpression: \(name) operator must have the key attribute as its "
                    + "first operand"
            )
        }
        let paths = operands.indices.filter { operands[$0].kind == .path }
        guard paths.count <= 1 else {
            throw self.invalid(
                "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"
            )
        }
        guard let position = paths.first else {
            throw self.invalid("Invalid condition in KeyConditionExpression: No key attribute specified")
        }
        guard operands[position].count == 1, case .name(let name) = self.tree.path(operands[position]).first else {
            throw self.invalid("KeyConditionExpressions cannot have conditions on nested attributes")
        }
        let text = String(decoding: name, as: UTF8.self)
        guard !self.terms.contains(where: { name.elementsEqual($0.name.utf8) }) else {
            throw self.invalid("KeyConditionExpressions must only contain one condition per key")
        }
        var values: [StoredValue] = []
        for operand in operands where operand.kind == .value { values.append(self.tree.value(operand)) }
        guard let comparison = self.comparison(node, values, isMirrored: position == 1) else {
            throw self.invalidOperator(node.symbol.symbol)
        }
        self.terms.append(.init(name: text, comparison: comparison))
    }

    private func comparison(_ node: SyntaxNode, _ values: [StoredValue], isMirrored: Bool) -> KeyComparison? {
        switch node.kind {
        case .between where values.count == 2: .between(values[0], values[1])
        case .function where values.count == 1: .beginsWith(values[0])
        case .comparison where values.count == 1:
            KeyComparison(isMirrored ? node.symbol.mirrored : node.symbol, values[0])
        default: nil
        }
    }
}
