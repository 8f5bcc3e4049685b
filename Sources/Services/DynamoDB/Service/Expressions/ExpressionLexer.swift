internal import Primitives

/// Splits the text of an expression into tokens. Never fails: invalid characters become tokens too.
struct ExpressionLexer {
    private let text: [UInt8]
    private var offset = 0

    private init(_ text: [UInt8]) {
        self.text = text
    }

    /// All tokens, ended by `.end`.
    static func tokens(_ text: [UInt8]) -> [ExpressionToken] {
        var lexer = ExpressionLexer(text)
        var tokens: [ExpressionToken] = []
        tokens.reserveCapacity(text.count / 4 + 2)
        while true {
            let token = lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private mutating func next() -> ExpressionToken {
        while self.offset < self.text.count, Self.isSpace(self.text[self.offset]) { self.offset += 1 }
        let start = self.offset
        guard start < self.text.count else { return self.token(.end, from: start) }
        let byte = self.text[start]
        if ASCII.isLetter(byte) {
            self.skipWord()
            return self.token(Self.keyword(self.text[start..<self.offset]) ?? .identifier, from: start)
        }
        self.offset += 1
        switch byte {
        case UInt8(ascii: "#"), UInt8(ascii: ":"):
            self.skipWord()
            guard self.offset > start + 1 else { return self.token(.unknown, from: start) }
            return self.token(byte == UInt8(ascii: "#") ? .namePlaceholder : .valuePlaceholder, from: start)
        case UInt8(ascii: "0"):
            return self.token(.integer, from: start)
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            while self.offset < self.text.count, ASCII.isDigit(self.text[self.offset]) { self.offset += 1 }
            return self.token(.integer, from: start)
        case UInt8(ascii: "<"):
            return self.token(self.skip(">") ? .notEqual : self.skip("=") ? .lessOrEqual : .less, from: start)
        case UInt8(ascii: ">"):
            return self.token(self.skip("=") ? .greaterOrEqual : .greater, from: start)
        default:
            if let kind = Self.punctuation(byte) { return self.token(kind, from: start) }
            // A whole character, so that a message can quote it.
            while self.offset < self.text.count, self.text[self.offset] & 0xC0 == 0x80 { self.offset += 1 }
            return self.token(.unknown, from: start)
        }
    }

    private func token(_ kind: ExpressionToken.Kind, from start: Int) -> ExpressionToken {
        ExpressionToken(kind: kind, start: Int32(start), end: Int32(self.offset))
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard self.offset < self.text.count, self.text[self.offset] == UInt8(ascii: character) else { return false }
        self.offset += 1
        return true
    }

    private mutating func skipWord() {
        while self.offset < self.text.count, Self.isWord(self.text[self.offset]) { self.offset += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    /// Whether the byte can occur in a name after its first byte.
    static func isWord(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "_")
    }

    private static func punctuation(_ byte: UInt8) -> ExpressionToken.Kind? {
        switch byte {
        case UInt8(ascii: "="): .equal
        case UInt8(ascii: "("): .leftParenthesis
        case UInt8(ascii: ")"): .rightParenthesis
        case UInt8(ascii: "["): .leftBracket
        case UInt8(ascii: "]"): .rightBracket
        case UInt8(ascii: ","): .comma
        case UInt8(ascii: "."): .dot
        case UInt8(ascii: "+"): .plus
        case UInt8(ascii: "-"): .minus
        default: nil
        }
    }

    private static let keywords: [(word: [UInt8], kind: ExpressionToken.Kind)] = [
        (Array("and".utf8), .and), (Array("or".utf8), .or), (Array("not".utf8), .not), (Array("in".utf8), .oneOf),
        (Array("between".utf8), .between), (Array("set".utf8), .set), (Array("remove".utf8), .remove),
        (Array("add".utf8), .add), (Array("delete".utf8), .delete),
    ]

    /// Keywords are recognized in any case and in every kind of expression.
    private static func keyword(_ word: ArraySlice<UInt8>) -> ExpressionToken.Kind? {
        guard word.count <= 7 else { return nil }
        for keyword in self.keywords where keyword.word.count == word.count {
            if zip(keyword.word, word).allSatisfy({ $0 == ASCII.lowercased($1) }) { return keyword.kind }
        }
        return nil
    }
}
