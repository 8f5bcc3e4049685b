internal import DynamoDBValues

extension PartiQLParser {
    /// A condition or a value; in order of increasing precedence: `OR`, `AND`, `NOT`, comparisons, sums.
    mutating func expression() throws(ValidationFailure) -> PartiQLExpression {
        try self.enter()
        defer { self.leave() }
        var parts = [try self.conjunction()]
        while self.take(.or) { parts.append(try self.conjunction()) }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func conjunction() throws(ValidationFailure) -> PartiQLExpression {
        var parts: [PartiQLExpression] = []
        repeat {
            // Parentheses around a conjunction change nothing, so its parts are merged.
            parts += try self.negation().conjuncts
        } while self.take(.and)
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func negation() throws(ValidationFailure) -> PartiQLExpression {
        guard self.take(.not) else { return try self.comparison() }
        try self.enter()
        defer { self.leave() }
        return .not(try self.negation())
    }

    private mutating func comparison() throws(ValidationFailure) -> PartiQLExpression {
        let left = try self.sum()
        if case .symbol(let symbol) = self.kind, let comparator = symbol.comparator {
            self.advance()
            return .comparison(comparator, left, try self.sum())
        }
        if self.take(.is) {
            let isNegated = self.take(.not)
            let test = try self.typeTest(left)
            return isNegated ? .not(test) : test
        }
        let isNegated = self.take(.not)
        if self.take(.in) {
            let test = PartiQLExpression.oneOf(left, try self.candidates())
            return isNegated ? .not(test) : test
        }
        if self.take(.between) {
            let lower = try self.sum()
            guard self.take(.and) else { throw .malformedStatement("Expected AND after BETWEEN") }
            let test = PartiQLExpression.between(left, lower, try self.sum())
            return isNegated ? .not(test) : test
        }
        guard !isNegated else { throw self.unexpected }
        return left
    }

    /// The list of `IN`, in brackets or parentheses.
    private mutating func candidates() throws(ValidationFailure) -> [PartiQLExpression] {
        switch self.kind {
        case .symbol(.leftBracket): return try self.elements(until: .rightBracket, "Expected RIGHT_BRACKET")
        case .symbol(.leftParenthesis): return try self.elements(until: .rightParenthesis, "Expected RIGHT_PAREN")
        case .symbol(.setStart): return try self.elements(until: .setEnd, "Expected RIGHT_DOUBLE_ANGLE_BRACKET")
        default: throw self.unexpected
        }
    }

    /// The operand of `IS`.
    private mutating func typeTest(_ value: PartiQLExpression) throws(ValidationFailure) -> PartiQLExpression {
        let types: [AttributeType]
        switch self.keyword {
        case .missing:
            self.advance()
            return .isMissing(value)
        case .null: types = [.null]
        case .string: types = [.s]
        case .blob: types = [.b]
        case .bool, .boolean: types = [.bool]
        case .decimal, .float, .int, .integer, .numeric: types = [.n]
        case .list: types = [.l]
        case .struct, .tuple: types = [.m]
        case .bag: types = [.ss, .ns, .bs]
        default: throw .malformedStatement("Expected type name")
        }
        self.advance()
        return .isType(value, types)
    }

    private mutating func sum() throws(ValidationFailure) -> PartiQLExpression {
        var left = try self.term()
        // Each operator deepens the tree by one level.
        var levels = 0
        while self.kind == .symbol(.plus) || self.kind == .symbol(.minus) {
            let symbol: ExpressionToken.Kind = self.kind == .symbol(.plus) ? .plus : .minus
            self.advance()
            try self.enter()
            levels += 1
            left = .arithmetic(symbol, left, try self.term())
        }
        for _ in 0..<levels { self.leave() }
        return left
    }

    private mutating func term() throws(ValidationFailure) -> PartiQLExpression {
        let text = self.text
        switch self.kind {
        case .text:
            self.advance()
            return .text(text)
        case .number:
            self.advance()
            return .number(text)
        case .symbol(.minus), .symbol(.plus): return try self.signedNumber()
        case .parameter: return .parameter(self.takeParameter())
        case .keyword(.true), .keyword(.false):
            self.advance()
            return .boolean(text.lowercased() == "true")
        case .keyword(.null):
            self.advance()
            return .null
        case .keyword(.size): return try self.call()
        case .name where self.isCall: return try self.call()
        case .name, .quotedName: return .path(try self.path())
        case .symbol(.leftBracket): return .list(try self.elements(until: .rightBracket, "Expected RIGHT_BRACKET"))
        case .symbol(.setStart):
            return .set(try self.elements(until: .setEnd, "Expected RIGHT_DOUBLE_ANGLE_BRACKET"))
        case .symbol(.leftBrace): return .map(try self.entries())
        case .symbol(.leftParenthesis):
            self.advance()
            let inner = try self.expression()
            try self.expect(.rightParenthesis, "Expected RIGHT_PAREN")
            return inner
        case .keyword, .reserved, .symbol, .end: throw self.unexpected
        }
    }

    private mutating func signedNumber() throws(ValidationFailure) -> PartiQLExpression {
        let isNegative = self.kind == .symbol(.minus)
        self.advance()
        guard self.kind == .number else { throw self.unexpected }
        defer { self.advance() }
        return .number(isNegative ? "-" + self.text : self.text)
    }

    private mutating func call() throws(ValidationFailure) -> PartiQLExpression {
        let name = self.text.lowercased()
        self.advance()
        guard self.kind == .symbol(.leftParenthesis) else { throw .malformedStatement("Unexpected keyword") }
        return .call(name, try self.elements(until: .rightParenthesis, "Expected RIGHT_PAREN"))
    }

    /// A comma-separated list of expressions, including its brackets.
    mutating func elements(
        until end: PartiQLSymbol, _ detail: String
    ) throws(ValidationFailure) -> [PartiQLExpression] {
        self.advance()
        guard !self.take(end) else { return [] }
        var elements: [PartiQLExpression] = []
        repeat { elements.append(try self.expression()) } while self.take(.comma)
        try self.expect(end, detail)
        return elements
    }

    private mutating func entries() throws(ValidationFailure) -> [(name: String, value: PartiQLExpression)] {
        self.advance()
        guard !self.take(.rightBrace) else { return [] }
        var entries: [(name: String, value: PartiQLExpression)] = []
        repeat {
            guard self.kind == .text || self.kind == .quotedName else { throw self.unexpected }
            let name = self.text
            self.advance()
            try self.expect(.colon, "Expected COLON")
            entries.append((name, try self.expression()))
        } while self.take(.comma)
        try self.expect(.rightBrace, "Expected RIGHT_CURLY")
        return entries
    }
}
