internal import DynamoDBValues

/// The first pass of checks on a parsed expression, in the order of its text: reserved words, list indices, names of
/// functions and where each function occurs.
struct PlaceCheck {
    private let kind: ExpressionKind
    private let tree: SyntaxTree

    init(_ kind: ExpressionKind, _ tree: SyntaxTree) {
        self.kind = kind
        self.tree = tree
    }

    func condition(_ root: Int32) throws(ValidationFailure) {
        try self.visit(root, as: .condition)
    }

    /// Sections are checked one after the other, in the order of their first occurrence; each may occur once.
    func update(_ actions: [WrittenAction]) throws(ValidationFailure) {
        guard self.hasRepeatedSection(actions) else {
            for action in actions { try self.action(action) }
            return
        }
        var seen: [UpdateSection] = []
        for section in actions.map({ $0.section }) where !seen.contains(section) {
            seen.append(section)
            let all = actions.filter { $0.section == section }
            for action in all { try self.action(action) }
            if let first = all.first, all.contains(where: { $0.clause != first.clause }) {
                throw self.kind.invalid(
                    "The \"\(section.name)\" section can only be used once in an update expression;"
                )
            }
        }
    }

    private func hasRepeatedSection(_ actions: [WrittenAction]) -> Bool {
        var seen: UInt8 = 0
        var clause = -1
        for action in actions where action.clause != clause {
            let bit = 1 << action.section.rawValue as UInt8
            if seen & bit != 0 { return true }
            seen |= bit
            clause = action.clause
        }
        return false
    }

    private func action(_ action: WrittenAction) throws(ValidationFailure) {
        try self.visit(action.path, as: .operand)
        if let value = action.value { try self.visit(value, as: .operand) }
    }

    /// What is expected at a place.
    private enum Role {
        case condition
        case operand
    }

    private func visit(_ index: Int32, as role: Role) throws(ValidationFailure) {
        let node = self.tree.nodes[Int(index)]
        switch node.kind {
        case .path:
            try self.path(node)
        case .value:
            break
        case .function:
            try self.function(node, as: role)
            for child in self.tree.children(of: node) { try self.visit(child, as: .operand) }
        case .group:
            for child in self.tree.children(of: node) { try self.visit(child, as: role) }
        case .or, .and, .not:
            for child in self.tree.children(of: node) { try self.visit(child, as: .condition) }
        case .comparison, .between, .oneOf, .arithmetic:
            for child in self.tree.children(of: node) { try self.visit(child, as: .operand) }
        }
    }

    func path(_ node: SyntaxNode) throws(ValidationFailure) {
        for step in self.tree.writtenSteps[node.run] {
            let text = self.tree.bytes(step.token)
            switch step.kind {
            case .placeholder:
                break
            case .index:
                let isInRange = text.count <= 10 && OperandCheck.integer(text) <= ExpressionKind.listIndexMax
                guard isInRange else {
                    throw self.kind.invalid(
                        "List index is not within the allowable range; index: [\(self.tree.quote(step.token))]"
                    )
                }
            case .name:
                guard !ReservedWords.contains(text) else {
                    throw self.kind.invalid(
                        "Attribute name is a reserved keyword; reserved keyword: \(self.tree.quote(step.token))"
                    )
                }
            }
        }
    }

    private func function(_ node: SyntaxNode, as role: Role) throws(ValidationFailure) {
        let name = self.tree.quote(node.token)
        guard node.function != .unknown else { throw self.kind.invalid("Invalid function name; function: \(name)") }
        if self.kind == .update {
            guard node.function.isOfUpdates else {
                throw self.kind.invalid("The function is not allowed in an update expression; function: \(name)")
            }
            return
        }
        guard !node.function.isOfUpdates else {
            throw self.kind.invalid("The function is not allowed in a condition expression; function: \(name)")
        }
        guard node.function.isCondition == (role == .condition) else {
            throw self.kind.invalid(
                "The function is not allowed to be used this way in an expression; function: \(name)"
            )
        }
        try OperandCheck.operandCount(node, self.kind)
    }
}
