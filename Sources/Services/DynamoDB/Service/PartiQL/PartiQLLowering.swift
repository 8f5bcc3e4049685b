internal import DynamoDBValues

/// Translates conditions and changes of a statement into the syntax trees from which DynamoDB's expressions are
/// evaluated.
///
/// Operands are checked as in an expression, with the same errors.
struct PartiQLLowering {
    private let parameters: PartiQLParameters
    private let kind: ExpressionKind
    private var tree = SyntaxTree([])

    private init(_ parameters: PartiQLParameters, _ kind: ExpressionKind) {
        self.parameters = parameters
        self.kind = kind
    }

    /// The conjunction of several conditions.
    ///
    /// `present` is an attribute that must exist besides. nil when there is no condition.
    static func condition(
        _ parts: [PartiQLExpression], present: String? = nil, _ parameters: PartiQLParameters, _ kind: ExpressionKind
    ) throws(ValidationFailure) -> Condition? {
        var lowering = PartiQLLowering(parameters, kind)
        var nodes: [Int32] = []
        if let present {
            let path = lowering.path([.name(Array(present.utf8)[...])])
            nodes.append(lowering.tree.append(.function, at: 0, [path], function: .attributeExists))
        }
        for part in parts { nodes.append(try lowering.condition(part)) }
        guard !nodes.isEmpty else { return nil }
        let root = lowering.join(nodes[...], .and)
        var check = OperandCheck(kind, resolved: lowering.tree)
        try check.condition(root)
        return Condition(tree: check.finishResolved(), root: root)
    }

    static func update(
        _ changes: [PartiQLUpdate.Change], _ parameters: PartiQLParameters
    ) throws(ValidationFailure) -> UpdatePlan {
        var lowering = PartiQLLowering(parameters, .update)
        var actions: [WrittenAction] = []
        for change in changes { actions.append(try lowering.action(change, actions.count)) }
        var check = OperandCheck(.update, resolved: lowering.tree)
        try check.update(actions)
        return UpdatePlan(tree: check.finishResolved(), actions: actions)
    }

    // Conditions

    private mutating func condition(_ expression: PartiQLExpression) throws(ValidationFailure) -> Int32 {
        switch expression {
        case .and(let parts): return try self.join(parts, .and)
        case .or(let parts): return try self.join(parts, .or)
        case .not(let inner): return self.tree.append(.not, at: 0, [try self.condition(inner)])
        case .comparison(let symbol, let left, let right):
            return self.tree.append(.comparison, at: 0, try self.operands([left, right]), symbol: symbol)
        case .between(let value, let lower, let upper):
            return self.tree.append(.between, at: 0, try self.operands([value, lower, upper]), symbol: .between)
        case .oneOf(let value, let candidates):
            return self.tree.append(.oneOf, at: 0, try self.operands([value] + candidates), symbol: .oneOf)
        case .isMissing(let value):
            return self.tree.append(
                .function, at: 0, [try self.operand(value)], function: .attributeNotExists
            )
        case .isType(let value, let types):
            var nodes: [Int32] = []
            for type in types {
                let operands = [try self.operand(value), try self.value(.text(type.descriptor))]
                nodes.append(self.tree.append(.function, at: 0, operands, function: .attributeType))
            }
            return self.join(nodes[...], .or)
        case .call(let name, let operands): return try self.function(name, operands)
        // DEVIATION: AWS's wording is not known.
        default: throw ValidationFailure("A condition is expected in the WHERE clause")
        }
    }

    private mutating func function(
        _ name: String, _ operands: [PartiQLExpression]
    ) throws(ValidationFailure) -> Int32 {
        let function: ExpressionFunction
        switch name {
        case "begins_with": function = .beginsWith
        case "contains": function = .contains
        case "attribute_type": function = .attributeType
        default: throw .unsupportedFunction(name)
        }
        return try self.call(function, try self.operands(operands))
    }

    private mutating func call(
        _ function: ExpressionFunction, _ operands: [Int32]
    ) throws(ValidationFailure) -> Int32 {
        let index = self.tree.append(.function, at: 0, operands, function: function)
        try OperandCheck.operandCount(self.tree.nodes[Int(index)], self.kind)
        return index
    }

    private mutating func join(
        _ parts: [PartiQLExpression], _ kind: SyntaxNode.Kind
    ) throws(ValidationFailure) -> Int32 {
        var nodes: [Int32] = []
        for part in parts { nodes.append(try self.condition(part)) }
        return self.join(nodes[...], kind)
    }

    /// Joins nodes as a balanced tree: a statement can join two thousand parts, and evaluation recurses into the tree.
    private mutating func join(_ nodes: ArraySlice<Int32>, _ kind: SyntaxNode.Kind) -> Int32 {
        precondition(!nodes.isEmpty, "parts are joined, not nothing")
        guard nodes.count > 1 else { return nodes[nodes.startIndex] }
        let middle = nodes.startIndex + nodes.count / 2
        let halves = [self.join(nodes[..<middle], kind), self.join(nodes[middle...], kind)]
        return self.tree.append(kind, at: 0, halves)
    }

    // Operands

    private mutating func operands(_ expressions: [PartiQLExpression]) throws(ValidationFailure) -> [Int32] {
        var nodes: [Int32] = []
        for expression in expressions { nodes.append(try self.operand(expression)) }
        return nodes
    }

    private mutating func operand(_ expression: PartiQLExpression) throws(ValidationFailure) -> Int32 {
        switch expression {
        case .path(let path): return self.path(path)
        case .call("size", let operands) where self.kind != .update:
            return try self.call(.size, try self.operands(operands))
        case .call("list_append", let operands) where self.kind == .update:
            return try self.call(.listAppend, try self.operands(operands))
        case .call(let name, _): throw .unsupportedFunction(name)
        case .arithmetic(let symbol, let left, let right) where self.kind == .update:
            return self.tree.append(.arithmetic, at: 0, try self.operands([left, right]), symbol: symbol)
        default: return try self.value(expression)
        }
    }

    private mutating func value(_ expression: PartiQLExpression) throws(ValidationFailure) -> Int32 {
        guard expression.isConstant else { throw .unsupportedValue }
        self.tree.values.append(try self.parameters.value(expression))
        return self.tree.append(
            SyntaxNode(
                kind: .value, symbol: .unknown, function: .unknown, token: 0, first: Int32(self.tree.values.count - 1),
                count: 0
            )
        )
    }

    private mutating func path(_ path: [PathStep]) -> Int32 {
        let first = self.tree.steps.count
        self.tree.steps += path
        return self.tree.append(
            SyntaxNode(
                kind: .path, symbol: .unknown, function: .unknown, token: 0, first: Int32(first),
                count: Int32(path.count)
            )
        )
    }

    // Changes

    private mutating func action(
        _ change: PartiQLUpdate.Change, _ clause: Int
    ) throws(ValidationFailure) -> WrittenAction {
        guard !change.path.contains(.name([])) else { throw .emptyAttributeName }
        let path = self.path(change.path)
        guard let value = change.value else {
            return WrittenAction(section: .remove, clause: clause, path: path, value: nil)
        }
        guard case .call(let name, let operands) = value, name == "set_add" || name == "set_delete" else {
            return WrittenAction(section: .set, clause: clause, path: path, value: try self.operand(value))
        }
        guard operands.count == 2, operands[1].isConstant else {
            // DEVIATION: AWS's wording is not known.
            throw self.kind.invalid(
                "\(name) takes the path that is set and the set to \(name == "set_add" ? "add" : "remove")"
            )
        }
        let members = try self.value(operands[1])
        let section: UpdateSection = name == "set_add" ? .add : .delete
        guard self.tree.value(self.tree.nodes[Int(members)]).type.isSet else {
            throw self.kind.invalid("\(name) requires a set as its second operand")
        }
        return WrittenAction(section: section, clause: clause, path: path, value: members)
    }
}

extension ValidationFailure {
    // DEVIATION: AWS's wording is not known.
    fileprivate static func unsupportedFunction(_ name: String) -> ValidationFailure {
        ValidationFailure("Unsupported function: \(name)")
    }
}
