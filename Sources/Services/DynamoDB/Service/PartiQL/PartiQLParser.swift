internal import DynamoDBValues

/// Parses a PartiQL statement.
///
/// One token of lookahead and no backtracking, so that time is linear in the statement; recursion is bounded by
/// `depthMax`.
/// - Source: the statements of the DynamoDB Developer Guide, "PartiQL - a SQL-compatible query language for Amazon
///   DynamoDB"; how much of PartiQL's grammar is parsed before something is refused, and with which words, follows
///   partiql-lang-kotlin.
struct PartiQLParser {
    /// Levels of parentheses, lists, maps, sets, functions, negations and sums. A value may have 32.
    static let depthMax = 100

    private let bytes: [UInt8]
    private let tokens: [PartiQLToken]
    /// Of the current token.
    private(set) var index = 0
    private var depth = 0
    private var parameterCount = 0

    private init(_ statement: String) throws(ValidationFailure) {
        self.bytes = Array(statement.utf8)
        self.tokens = try PartiQLLexer.tokens(statement)
    }

    /// The statement, and the number of its parameters; the model limits the text to 8192 characters.
    static func statement(
        _ text: String
    ) throws(ValidationFailure) -> (statement: PartiQLStatement, parameterCount: Int) {
        var parser = try PartiQLParser(text)
        let statement = try parser.statement()
        _ = parser.take(.semicolon)
        guard parser.kind == .end else { throw .malformedStatement("Unexpected token after expression") }
        return (statement, parser.parameterCount)
    }

    // Tokens

    var kind: PartiQLToken.Kind { self.tokens[self.index].kind }
    var text: String { self.tokens[self.index].text }

    var keyword: PartiQLKeyword? {
        if case .keyword(let keyword) = self.kind { keyword } else { nil }
    }

    /// Whether a parenthesis follows the current token, which is then the name of a function.
    var isCall: Bool {
        self.index + 1 < self.tokens.count && self.tokens[self.index + 1].kind == .symbol(.leftParenthesis)
    }

    mutating func advance() {
        if self.kind != .end { self.index += 1 }
    }

    mutating func take(_ symbol: PartiQLSymbol) -> Bool {
        guard self.kind == .symbol(symbol) else { return false }
        self.advance()
        return true
    }

    mutating func take(_ keyword: PartiQLKeyword) -> Bool {
        guard self.keyword == keyword else { return false }
        self.advance()
        return true
    }

    mutating func expect(_ symbol: PartiQLSymbol, _ detail: String) throws(ValidationFailure) {
        guard self.take(symbol) else { throw .malformedStatement(detail) }
    }

    /// The line, column and length of a token, in the form in which AWS appends them to some sentences: `1:33:1`.
    func position(of index: Int) -> String {
        let bytes = self.tokens[index].bytes
        let lines = self.bytes[..<bytes.lowerBound].split(separator: 0x0A, omittingEmptySubsequences: false)
        let column = String(decoding: lines[lines.count - 1], as: UTF8.self).utf16.count + 1
        return "\(lines.count):\(column):\(String(decoding: self.bytes[bytes], as: UTF8.self).utf16.count)"
    }

    /// The error for a token that cannot occur here.
    var unexpected: ValidationFailure {
        switch self.kind {
        case .keyword, .reserved: .malformedStatement("Unexpected keyword")
        case .symbol(let symbol) where symbol.comparator != nil || symbol == .plus || symbol == .minus:
            .malformedStatement("Unexpected operator")
        default: .malformedStatement("Unexpected term")
        }
    }

    mutating func enter() throws(ValidationFailure) {
        self.depth += 1
        guard self.depth <= Self.depthMax else { throw .malformedStatement("Expression is nested too deeply") }
    }

    mutating func leave() {
        self.depth -= 1
    }

    /// The position of the parameter at the current token.
    mutating func takeParameter() -> Int {
        self.advance()
        self.parameterCount += 1
        return self.parameterCount - 1
    }

    // Names

    /// - Returns: nil when the current token is not a name.
    mutating func name() -> String? {
        guard self.kind == .name || self.kind == .quotedName else { return nil }
        defer { self.advance() }
        return self.text
    }

    /// A name, followed by names after dots, and indices or names in brackets.
    mutating func path() throws(ValidationFailure) -> [PathStep] {
        guard let first = self.name() else { throw self.unexpected }
        var path: [PathStep] = [.name(Array(first.utf8)[...])]
        while true {
            if self.take(.dot) {
                guard let name = self.name() else { throw .malformedStatement("Invalid path dot component") }
                path.append(.name(Array(name.utf8)[...]))
            } else if self.take(.leftBracket) {
                switch self.kind {
                case .number:
                    guard let index = Int(self.text), index <= ExpressionKind.listIndexMax else {
                        throw .malformedStatement("List index is not within the allowable range")
                    }
                    path.append(.index(index))
                case .text: path.append(.name(Array(self.text.utf8)[...]))
                default: throw self.unexpected
                }
                self.advance()
                try self.expect(.rightBracket, "Expected RIGHT_BRACKET")
            } else {
                return path
            }
        }
    }
}
