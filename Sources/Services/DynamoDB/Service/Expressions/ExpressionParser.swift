internal import DynamoDBValues

/// Parses tokens into a tree: the part common to all kinds of expressions.
///
/// One token of lookahead and no backtracking, so that time is linear in the text; recursion is bounded by `depthMax`.
struct ExpressionParser {
    /// Nested parentheses and functions. More than the operators of an expression cannot nest without being redundant.
    static let depthMax = ExpressionKind.operatorCountMax + 10

    /// A node and the roles it can have. A function in parentheses can have both until the next token is known.
    struct Term {
        let node: Int32
        let isCondition: Bool
        let isOperand: Bool

        /// A node that can only be a condition.
        static func condition(_ node: Int32) -> Term { Term(node: node, isCondition: true, isOperand: false) }
    }

    let kind: ExpressionKind
    var tree: SyntaxTree
    private(set) var index = 0
    private var depth = 0

    init(_ kind: ExpressionKind, _ text: [UInt8]) {
        self.kind = kind
        self.tree = SyntaxTree(text)
    }

    /// Parses a condition, filter or key condition.
    static func condition(_ text: [UInt8], _ kind: ExpressionKind) throws(ValidationFailure) -> (
        SyntaxTree, root: Int32
    ) {
        var parser = ExpressionParser(kind, text)
        let term = try parser.condition(above: 0)
        try parser.require(term.isCondition)
        try parser.expect(.end)
        try parser.checkOperatorCount()
        return (parser.tree, term.node)
    }

    /// Parses the paths of a projection.
    static func projection(_ text: [UInt8]) throws(ValidationFailure) -> (SyntaxTree, paths: [Int32]) {
        var parser = ExpressionParser(.projection, text)
        var paths = [try parser.path()]
        while parser.take(.comma) { paths.append(try parser.path()) }
        try parser.expect(.end)
        return (parser.tree, paths)
    }

    var current: ExpressionToken.Kind { self.tree.tokens[self.index].kind }

    /// Consumes the current token if it is of this kind.
    mutating func take(_ kind: ExpressionToken.Kind) -> Bool {
        guard self.current == kind else { return false }
        self.advance()
        return true
    }

    mutating func advance() {
        if self.current != .end { self.index += 1 }
    }

    mutating func expect(_ kind: ExpressionToken.Kind) throws(ValidationFailure) {
        guard self.current == kind else { throw self.syntaxError() }
        self.advance()
    }

    func require(_ isRight: Bool) throws(ValidationFailure) {
        guard isRight else { throw self.syntaxError() }
    }

    /// Quotes the token where parsing stopped, and the text from the token before it to the one after it.
    func syntaxError() -> ValidationFailure {
        let tokens = self.tree.tokens
        let start = tokens[max(0, self.index - 1)].range.lowerBound
        let end = tokens[min(self.index + 1, tokens.count - 1)].range.upperBound
        let near = String(decoding: self.tree.text[start..<end], as: UTF8.self)
        return self.kind.invalid(
            "Syntax error; token: \"\(self.tree.quote(Int32(self.index)))\", near: \"\(near)\""
        )
    }

    /// AWS stops counting at the first operator too many.
    func checkOperatorCount() throws(ValidationFailure) {
        let limit = ExpressionKind.operatorCountMax
        guard self.tree.operatorCount > limit else { return }
        throw self.kind.invalid("The expression contains too many operators; operator count: \(limit + 1)")
    }

    mutating func enter() throws(ValidationFailure) {
        self.depth += 1
        if self.depth > Self.depthMax {
            try self.checkOperatorCount()
            throw self.redundantParentheses
        }
    }

    mutating func leave() {
        self.depth -= 1
    }

    var redundantParentheses: ValidationFailure {
        self.kind.invalid("The expression has redundant parentheses;")
    }

    /// Closes parentheses around a node: two directly nested pairs are refused as soon as they are parsed.
    mutating func group(_ inner: Int32, openedAt token: Int) throws(ValidationFailure) -> Int32 {
        try self.expect(.rightParenthesis)
        guard self.tree.nodes[Int(inner)].kind != .group else { throw self.redundantParentheses }
        return self.tree.append(.group, at: token, [inner])
    }

    /// A value, a path, a function, or one of these in parentheses.
    mutating func operand() throws(ValidationFailure) -> Int32 {
        switch self.current {
        case .valuePlaceholder:
            return self.value()
        case .leftParenthesis:
            let token = self.index
            self.advance()
            try self.enter()
            let inner = self.kind == .update ? try self.setValue() : try self.operand()
            self.leave()
            return try self.group(inner, openedAt: token)
        case .identifier where self.tree.tokens[self.index + 1].kind == .leftParenthesis:
            return try self.function()
        case .identifier, .namePlaceholder:
            return try self.path()
        default:
            throw self.syntaxError()
        }
    }

    mutating func value() -> Int32 {
        let node = SyntaxNode(
            kind: .value, symbol: .unknown, function: .unknown, token: Int32(self.index), first: 0, count: 0
        )
        self.advance()
        return self.tree.append(node)
    }

    mutating func function() throws(ValidationFailure) -> Int32 {
        let token = self.index
        self.tree.operatorCount += 1
        self.advance()
        self.advance()
        try self.enter()
        var operands = [try self.operand()]
        while self.take(.comma) { operands.append(try self.operand()) }
        try self.expect(.rightParenthesis)
        self.leave()
        let function = ExpressionFunction(self.tree.bytes(Int32(token)))
        return self.tree.append(.function, at: token, operands, function: function)
    }

    /// A name, followed by names after dots and indices in brackets.
    mutating func path() throws(ValidationFailure) -> Int32 {
        let token = self.index
        let first = self.tree.writtenSteps.count
        try self.name()
        while true {
            if self.take(.dot) {
                try self.name()
            } else if self.take(.leftBracket) {
                guard self.current == .integer else { throw self.syntaxError() }
                self.tree.writtenSteps.append(WrittenStep(kind: .index, token: Int32(self.index)))
                self.advance()
                try self.expect(.rightBracket)
            } else {
                break
            }
        }
        return self.tree.append(
            SyntaxNode(
                kind: .path, symbol: .unknown, function: .unknown, token: Int32(token), first: Int32(first),
                count: Int32(self.tree.writtenSteps.count - first)
            )
        )
    }

    private mutating func name() throws(ValidationFailure) {
        let kind: WrittenStep.Kind
        switch self.current {
        case .identifier: kind = .name
        case .namePlaceholder: kind = .placeholder
        default: throw self.syntaxError()
        }
        self.tree.writtenSteps.append(WrittenStep(kind: kind, token: Int32(self.index)))
        self.advance()
    }
}
