/// One token of an expression, as a range of its bytes.
struct ExpressionToken {
    enum Kind: UInt8 {
        case identifier
        /// `#name`
        case namePlaceholder
        /// `:value`
        case valuePlaceholder
        case integer
        case and
        case or
        case not
        case between
        case oneOf
        case set
        case remove
        case add
        case delete
        case equal
        case notEqual
        case less
        case lessOrEqual
        case greater
        case greaterOrEqual
        case leftParenthesis
        case rightParenthesis
        case leftBracket
        case rightBracket
        case comma
        case dot
        case plus
        case minus
        /// A character that is invalid in expressions.
        case unknown
        case end

        /// The operator as AWS prints it.
        var symbol: String {
            switch self {
            case .equal: "="
            case .notEqual: "<>"
            case .less: "<"
            case .lessOrEqual: "<="
            case .greater: ">"
            case .greaterOrEqual: ">="
            case .plus: "+"
            case .minus: "-"
            case .and: "AND"
            case .or: "OR"
            case .not: "NOT"
            case .between: "BETWEEN"
            case .oneOf: "IN"
            default: ""
            }
        }

        /// The operator for exchanged operands.
        var mirrored: Kind {
            switch self {
            case .less: .greater
            case .lessOrEqual: .greaterOrEqual
            case .greater: .less
            case .greaterOrEqual: .lessOrEqual
            default: self
            }
        }
    }

    let kind: Kind
    let start: Int32
    let end: Int32

    var range: Range<Int> { Int(self.start)..<Int(self.end) }
}
