internal import DynamoDBValues

extension ExpressionParser {
    /// A condition, or an operand in its place when parentheses leave open which one it is.
    ///
    /// `precedence` is that of the operator on the left: 1 `OR`, 2 `AND`.
    mutating func condition(above precedence: Int) throws(ValidationFailure) -> Term {
        var left = try self.negation()
        while true {
            let token = self.index
            let next: (precedence: Int, kind: SyntaxNode.Kind)
            switch self.current {
            case .or: next = (1, .or)
            case .and: next = (2, .and)
            default: return left
            }
            guard next.precedence > precedence else { return left }
            try self.require(left.isCondition)
            self.tree.operatorCount += 1
            self.advance()
            let right = try self.condition(above: next.precedence)
            try self.require(right.isCondition)
            left = .condition(self.tree.append(next.kind, at: token, [left.node, right.node]))
        }
    }

    private mutating func negation() throws(ValidationFailure) -> Term {
        var negations: [Int] = []
        while self.current == .not {
            negations.append(self.index)
            self.advance()
        }
        var term = try self.comparison()
        guard !negations.isEmpty else { return term }
        try self.require(term.isCondition)
        self.tree.operatorCount += negations.count
        try self.checkOperatorCount()
        for token in negations.reversed() {
            term = .condition(self.tree.append(.not, at: token, [term.node]))
        }
        return term
    }

    private mutating func comparison() throws(ValidationFailure) -> Term {
        let left = try self.term()
        guard left.isOperand else { return left }
        let token = self.index
        let symbol = self.current
        switch symbol {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            self.tree.operatorCount += 1
            self.advance()
            let right = try self.operand()
            let node = self.tree.append(.comparison, at: token, [left.node, right], symbol: symbol)
            return .condition(node)
        case .between:
            self.tree.operatorCount += 1
            self.advance()
            let lower = try self.operand()
            try self.expect(.and)
            let upper = try self.operand()
            let node = self.tree.append(.between, at: token, [left.node, lower, upper], symbol: symbol)
            return .condition(node)
        case .oneOf:
            self.tree.operatorCount += 1
            self.advance()
            try self.expect(.leftParenthesis)
            var operands = [left.node, try self.operand()]
            while self.take(.comma) { operands.append(try self.operand()) }
            try self.expect(.rightParenthesis)
            let node = self.tree.append(.oneOf, at: token, operands, symbol: symbol)
            return .condition(node)
        default:
            return left
        }
    }

    /// An operand, or anything in parentheses.
    private mutating func term() throws(ValidationFailure) -> Term {
        guard self.current == .leftParenthesis else {
            let node = try self.operand()
            return Term(node: node, isCondition: self.tree.nodes[Int(node)].isCondition, isOperand: true)
        }
        let token = self.index
        self.advance()
        try self.enter()
        let inner = try self.condition(above: 0)
        self.leave()
        let node = try self.group(inner.node, openedAt: token)
        return Term(node: node, isCondition: inner.isCondition, isOperand: inner.isOperand)
    }
}
