internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// Compiles `Expected`, `QueryFilter` and `ScanFilter` to conditions.
enum LegacyCondition {
    /// - Returns: nil when there is no condition.
    static func filter(
        _ conditions: [ExactName: DynamoDBModel.Condition]?, _ joining: ConditionalOperator?
    ) throws(ValidationFailure) -> Condition? {
        guard let conditions else { return nil }
        return try self.condition(try LegacyComparison.list(conditions), joining)
    }

    /// - Returns: nil when there is no condition.
    static func expected(
        _ expected: [ExactName: ExpectedAttributeValue]?, _ joining: ConditionalOperator?
    ) throws(ValidationFailure) -> Condition? {
        guard let expected else { return nil }
        var comparisons: [LegacyComparison] = []
        for name in LegacyParameters.ordered(expected.keys) {
            guard let entry = expected[name] else { continue }
            comparisons.append(try self.comparison(name.text, entry))
        }
        return try self.condition(comparisons, joining)
    }

    /// An entry gives either a comparison, or an attribute's value, or its absence.
    private static func comparison(
        _ name: String, _ entry: ExpectedAttributeValue
    ) throws(ValidationFailure) -> LegacyComparison {
        if entry.value != nil, entry.attributeValueList != nil {
            throw .invalid("Value and AttributeValueList cannot be used together for Attribute: \(name)")
        }
        guard let comparison = entry.comparisonOperator else {
            guard entry.attributeValueList == nil else {
                throw .invalid("AttributeValueList can only be used with a ComparisonOperator for Attribute: \(name)")
            }
            return try self.existence(name, entry)
        }
        guard entry.exists == nil else {
            throw .invalid("Exists and ComparisonOperator cannot be used together for Attribute: \(name)")
        }
        let values = entry.attributeValueList ?? entry.value.map { [$0] }
        if values == nil, comparison != .null, comparison != .notNull {
            throw .invalid(
                "Value or AttributeValueList must be used with ComparisonOperator: \(comparison.rawValue) "
                    + "for Attribute: \(name)"
            )
        }
        return try LegacyComparison(name, comparison, values ?? [])
    }

    private static func existence(
        _ name: String, _ entry: ExpectedAttributeValue
    ) throws(ValidationFailure) -> LegacyComparison {
        if entry.exists == false {
            guard entry.value == nil else {
                throw .invalid("Value cannot be used when Exists is false for Attribute: \(name)")
            }
            return try LegacyComparison(name, .null, [])
        }
        guard let value = entry.value else {
            let exists = entry.exists.map { "\($0)" } ?? "null"
            throw .invalid("Value must be provided when Exists is \(exists) for Attribute: \(name)")
        }
        return try LegacyComparison(name, .eq, [value])
    }

    private static func condition(
        _ comparisons: [LegacyComparison], _ joining: ConditionalOperator?
    ) throws(ValidationFailure) -> Condition? {
        guard !comparisons.isEmpty else { return nil }
        try LegacyParameters.checkCount(comparisons.reduce(0) { $0 + max(1, $1.values.count) })
        var builder = LegacyConditionBuilder()
        let roots = comparisons.map { builder.append($0) }
        return builder.finish(roots[...], joining == .or ? .or : .and)
    }
}

/// Builds the tree that the parser would build for the same condition as an expression.
private struct LegacyConditionBuilder {
    private var tree = SyntaxTree.none

    /// Joins conditions as a balanced tree, so that the depth is the logarithm of their number.
    mutating func finish(_ roots: ArraySlice<Int32>, _ joining: SyntaxNode.Kind) -> Condition {
        let root = self.join(roots, joining)
        return Condition(tree: self.tree, root: root)
    }

    private mutating func join(_ roots: ArraySlice<Int32>, _ joining: SyntaxNode.Kind) -> Int32 {
        guard roots.count > 1 else { return roots[roots.startIndex] }
        let middle = roots.startIndex + roots.count / 2
        let left = self.join(roots[..<middle], joining)
        let right = self.join(roots[middle...], joining)
        return self.node(joining, [left, right])
    }

    /// - Returns: the node that is true when the comparison holds.
    mutating func append(_ comparison: LegacyComparison) -> Int32 {
        let path = self.path(comparison.name)
        let values = comparison.values.map { self.value($0) }
        switch comparison.comparison {
        case .null: return self.function(.attributeNotExists, [path])
        case .notNull: return self.function(.attributeExists, [path])
        case .contains: return self.function(.contains, [path] + values)
        case .beginsWith: return self.function(.beginsWith, [path] + values)
        case .notContains:
            // Unlike `NOT contains(…)`, a missing attribute does not match.
            let exists = self.function(.attributeExists, [path])
            let contains = self.function(.contains, [path] + values)
            return self.node(.and, [exists, self.node(.not, [contains])])
        case .in: return self.node(.oneOf, [path] + values)
        case .between: return self.node(.between, [path] + values)
        default: return self.node(.comparison, [path] + values, symbol: comparison.comparison.symbol)
        }
    }

    private mutating func node(
        _ kind: SyntaxNode.Kind, _ children: [Int32], symbol: ExpressionToken.Kind = .unknown
    ) -> Int32 {
        self.tree.append(kind, at: 0, children, symbol: symbol)
    }

    private mutating func function(_ function: ExpressionFunction, _ operands: [Int32]) -> Int32 {
        self.tree.append(.function, at: 0, operands, function: function)
    }

    private mutating func path(_ name: String) -> Int32 {
        let first = Int32(self.tree.steps.count)
        self.tree.steps.append(.name(Array(name.utf8)[...]))
        return self.tree.append(.path(first: first))
    }

    private mutating func value(_ value: StoredValue) -> Int32 {
        self.tree.appendValue(value)
    }
}

extension SyntaxNode {
    /// A path of one step.
    fileprivate static func path(first: Int32) -> SyntaxNode {
        SyntaxNode(kind: .path, symbol: .unknown, function: .unknown, token: 0, first: first, count: 1)
    }
}

extension SyntaxTree {
    /// Appends a node for a value without a placeholder.
    mutating func appendValue(_ value: StoredValue) -> Int32 {
        let first = Int32(self.values.count)
        self.values.append(value)
        return self.append(
            SyntaxNode(kind: .value, symbol: .unknown, function: .unknown, token: 0, first: first, count: 0)
        )
    }
}

extension ComparisonOperator {
    /// The equivalent comparator; `unknown` for operators that have none.
    fileprivate var symbol: ExpressionToken.Kind {
        switch self {
        case .eq: .equal
        case .ne: .notEqual
        case .le: .lessOrEqual
        case .lt: .less
        case .ge: .greaterOrEqual
        case .gt: .greater
        default: .unknown
        }
    }
}
