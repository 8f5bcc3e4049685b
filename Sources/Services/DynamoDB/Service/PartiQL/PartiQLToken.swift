/// One token of a PartiQL statement.
struct PartiQLToken: Sendable {
    enum Kind: Sendable, Equatable {
        /// A name that is not a keyword, as written; attribute names are case-sensitive.
        case name
        /// A name in double quotes, even if it is a keyword.
        case quotedName
        case keyword(PartiQLKeyword)
        /// A reserved word of the grammar that DynamoDB does not use.
        case reserved
        /// A literal in single quotes.
        case text
        case number
        case parameter
        case symbol(PartiQLSymbol)
        case end
    }

    let kind: Kind
    /// A name or a literal without its quotes, a number or a word as written; else empty.
    let text: String
    /// Where it is in the statement.
    var bytes: Range<Int> = 0..<0
}

/// The keywords of the statements that DynamoDB executes.
///
/// Functions are not keywords, except `EXISTS` and `SIZE`.
enum PartiQLKeyword: String, Sendable, CaseIterable {
    case all, and, asc, between, by, delete, desc, exists, from, into, insert, missing, modified, new, not, null, old
    case or, order, remove, returning, select, set, size, update, value, `where`
    case `false`, `in`, `is`, `true`
    case bag, blob, bool, boolean, decimal, float, int, integer, list, numeric, string, `struct`, tuple
    case `as`, at, having, group, join, `let`, limit, offset

    /// Whether the word begins a clause of the grammar that DynamoDB does not execute. `LIMIT` does too, but the parser
    /// refuses it by itself, because its error names a position.
    var isUnsupportedClause: Bool {
        switch self {
        case .having, .group, .let, .offset: true
        default: false
        }
    }
}

/// Punctuation and operators.
enum PartiQLSymbol: String, Sendable {
    case setStart = "<<"
    case setEnd = ">>"
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case notEqual = "<>"
    case notEqualToo = "!="
    case equal = "="
    case less = "<"
    case greater = ">"
    case leftParenthesis = "("
    case rightParenthesis = ")"
    case leftBracket = "["
    case rightBracket = "]"
    case leftBrace = "{"
    case rightBrace = "}"
    case comma = ","
    case colon = ":"
    case dot = "."
    case plus = "+"
    case minus = "-"
    case star = "*"
    case semicolon = ";"

    /// The longest symbol that begins with these bytes.
    init?(_ byte: UInt8, _ next: UInt8?) {
        switch (byte, next) {
        case (UInt8(ascii: "<"), UInt8(ascii: "<")): self = .setStart
        case (UInt8(ascii: "<"), UInt8(ascii: "=")): self = .lessOrEqual
        case (UInt8(ascii: "<"), UInt8(ascii: ">")): self = .notEqual
        case (UInt8(ascii: "<"), _): self = .less
        case (UInt8(ascii: ">"), UInt8(ascii: ">")): self = .setEnd
        case (UInt8(ascii: ">"), UInt8(ascii: "=")): self = .greaterOrEqual
        case (UInt8(ascii: ">"), _): self = .greater
        case (UInt8(ascii: "!"), UInt8(ascii: "=")): self = .notEqualToo
        case (UInt8(ascii: "="), _): self = .equal
        case (UInt8(ascii: "("), _): self = .leftParenthesis
        case (UInt8(ascii: ")"), _): self = .rightParenthesis
        case (UInt8(ascii: "["), _): self = .leftBracket
        case (UInt8(ascii: "]"), _): self = .rightBracket
        case (UInt8(ascii: "{"), _): self = .leftBrace
        case (UInt8(ascii: "}"), _): self = .rightBrace
        case (UInt8(ascii: ","), _): self = .comma
        case (UInt8(ascii: ":"), _): self = .colon
        case (UInt8(ascii: "."), _): self = .dot
        case (UInt8(ascii: "+"), _): self = .plus
        case (UInt8(ascii: "-"), _): self = .minus
        case (UInt8(ascii: "*"), _): self = .star
        case (UInt8(ascii: ";"), _): self = .semicolon
        default: return nil
        }
    }

    /// The corresponding operator of expressions; nil for symbols that are not comparators.
    var comparator: ExpressionToken.Kind? {
        switch self {
        case .equal: .equal
        case .notEqual, .notEqualToo: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        default: nil
        }
    }
}
