internal import DynamoDBValues
internal import Primitives

/// Splits a PartiQL statement into tokens.
///
/// Time is linear in the length of the statement, which the model limits (8192 characters).
struct PartiQLLexer {
    private let text: [UInt8]
    private var offset = 0

    private init(_ text: [UInt8]) {
        self.text = text
    }

    /// - Throws: for an unterminated literal or name, and for invalid characters.
    static func tokens(_ statement: String) throws(ValidationFailure) -> [PartiQLToken] {
        var lexer = PartiQLLexer(Array(statement.utf8))
        var tokens: [PartiQLToken] = []
        repeat {
            try lexer.skipSpace()
            let start = lexer.offset
            tokens.append(try lexer.next())
            tokens[tokens.count - 1].bytes = start..<lexer.offset
        } while tokens.last?.kind != .end
        return tokens
    }

    private mutating func next() throws(ValidationFailure) -> PartiQLToken {
        guard let byte = self.byte(0) else { return PartiQLToken(kind: .end, text: "") }
        switch byte {
        case UInt8(ascii: "'"): return PartiQLToken(kind: .text, text: try self.quoted(byte))
        case UInt8(ascii: "\""): return PartiQLToken(kind: .quotedName, text: try self.quoted(byte))
        case UInt8(ascii: "?"):
            self.offset += 1
            return PartiQLToken(kind: .parameter, text: "")
        default: break
        }
        if Self.isNameStart(byte) { return self.word() }
        if ASCII.isDigit(byte) || (byte == UInt8(ascii: ".") && self.byte(1).map(ASCII.isDigit) == true) {
            return try self.number()
        }
        guard let symbol = PartiQLSymbol(byte, self.byte(1)) else { throw .malformedStatement("") }
        self.offset += symbol.rawValue.utf8.count
        return PartiQLToken(kind: .symbol(symbol), text: "")
    }

    private func byte(_ ahead: Int) -> UInt8? {
        self.offset + ahead < self.text.count ? self.text[self.offset + ahead] : nil
    }

    private func has(_ first: Character, _ second: Character) -> Bool {
        self.byte(0) == first.asciiValue && self.byte(1) == second.asciiValue
    }

    /// White space, `-- comments` to the end of their line, and `/* comments */`.
    private mutating func skipSpace() throws(ValidationFailure) {
        while let byte = self.byte(0) {
            if (0x09...0x0D).contains(byte) || byte == 0x20 {
                self.offset += 1
            } else if self.has("-", "-") {
                while let byte = self.byte(0), byte != 0x0A { self.offset += 1 }
            } else if self.has("/", "*") {
                self.offset += 2
                while !self.has("*", "/") {
                    guard self.byte(0) != nil else { throw .malformedStatement("") }
                    self.offset += 1
                }
                self.offset += 2
            } else {
                return
            }
        }
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
    }

    private mutating func word() -> PartiQLToken {
        let start = self.offset
        while let byte = self.byte(0), Self.isNameStart(byte) || ASCII.isDigit(byte) { self.offset += 1 }
        let text = String(decoding: self.text[start..<self.offset], as: UTF8.self)
        let lowercased = text.lowercased()
        if let keyword = PartiQLKeyword(rawValue: lowercased) {
            return PartiQLToken(kind: .keyword(keyword), text: text)
        }
        return PartiQLToken(kind: PartiQLReservedWords.contains(lowercased) ? .reserved : .name, text: text)
    }

    /// Digits, a fraction, an exponent; must not be followed directly by a name.
    private mutating func number() throws(ValidationFailure) -> PartiQLToken {
        let start = self.offset
        self.skipDigits()
        if self.byte(0) == UInt8(ascii: ".") {
            self.offset += 1
            self.skipDigits()
        }
        if self.byte(0) == UInt8(ascii: "e") || self.byte(0) == UInt8(ascii: "E") {
            self.offset += 1
            if self.byte(0) == UInt8(ascii: "+") || self.byte(0) == UInt8(ascii: "-") { self.offset += 1 }
            guard self.byte(0).map(ASCII.isDigit) == true else { throw .malformedStatement("") }
            self.skipDigits()
        }
        if let byte = self.byte(0), Self.isNameStart(byte) { throw .malformedStatement("") }
        return PartiQLToken(kind: .number, text: String(decoding: self.text[start..<self.offset], as: UTF8.self))
    }

    private mutating func skipDigits() {
        while let byte = self.byte(0), ASCII.isDigit(byte) { self.offset += 1 }
    }

    /// The content between two quotes; a doubled quote stands for one.
    private mutating func quoted(_ quote: UInt8) throws(ValidationFailure) -> String {
        self.offset += 1
        var content: [UInt8] = []
        while let byte = self.byte(0) {
            self.offset += 1
            guard byte == quote else {
                content.append(byte)
                continue
            }
            guard self.byte(0) == quote else { return String(decoding: content, as: UTF8.self) }
            content.append(quote)
            self.offset += 1
        }
        throw .malformedStatement("")
    }
}

extension ValidationFailure {
    /// The error for a statement that cannot be parsed.
    ///
    /// `detail` is the parser's wording; AWS prints none for an unterminated quote.
    /// - Source: the sentence is AWS's as its users quote it; the details are those of partiql-lang-kotlin.
    static func malformedStatement(_ detail: String) -> ValidationFailure {
        ValidationFailure("Statement wasn't well formed, can't be processed: \(detail)")
    }
}
