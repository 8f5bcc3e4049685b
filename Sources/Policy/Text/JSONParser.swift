internal import Primitives

/// Parses JSON (RFC 8259), recording the positions of values; refuses duplicate names in an object.
struct JSONParser {
    /// The maximum nesting; a policy needs six levels.
    static let depthMax = 32

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var place = PolicyError.Place()
    private var depth = 0

    /// Parses a whole text.
    static func parse(_ text: String) throws(PolicyError) -> JSONNode {
        var parser = JSONParser(scalars: Array(text.unicodeScalars))
        parser.skipSpace()
        let node = try parser.value()
        parser.skipSpace()
        guard parser.index == parser.scalars.count else { throw .invalidJSON }
        return node
    }

    /// The position at which a text stops being JSON.
    /// - Returns: nil when the text is JSON.
    static func failure(in text: String) -> PolicyError.Place? {
        var parser = JSONParser(scalars: Array(text.unicodeScalars))
        parser.skipSpace()
        // The error has no position; the parser's is where it gave up.
        guard (try? parser.value()) != nil else { return parser.place }
        parser.skipSpace()
        return parser.index == parser.scalars.count ? nil : parser.place
    }

    private init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    // Characters

    private var next: Unicode.Scalar? { self.index < self.scalars.count ? self.scalars[self.index] : nil }

    private mutating func advance() {
        if self.scalars[self.index] == "\n" {
            self.place.line += 1
            self.place.column = 1
        } else {
            self.place.column += 1
        }
        self.index += 1
    }

    private mutating func skipSpace() {
        while let scalar = self.next, scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" {
            self.advance()
        }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard self.next == scalar else { return false }
        self.advance()
        return true
    }

    private mutating func expect(_ text: String) throws(PolicyError) {
        for scalar in text.unicodeScalars {
            guard self.take(scalar) else { throw .invalidJSON }
        }
    }

    // Values

    private mutating func value() throws(PolicyError) -> JSONNode {
        let value: JSONNode.Value
        switch self.next {
        case "{": value = .object(try self.members())
        case "[": value = .array(try self.elements())
        case "\"": value = .string(try self.string())
        case "t":
            try self.expect("true")
            value = .boolean(true)
        case "f":
            try self.expect("false")
            value = .boolean(false)
        case "n":
            try self.expect("null")
            value = .null
        default: value = .number(try self.number())
        }
        return JSONNode(value: value, end: self.place)
    }

    private mutating func enter() throws(PolicyError) {
        self.depth += 1
        guard self.depth <= Self.depthMax else { throw .invalidJSON }
        self.advance()
        self.skipSpace()
    }

    private mutating func members() throws(PolicyError) -> [JSONNode.Member] {
        try self.enter()
        defer { self.depth -= 1 }
        var members: [JSONNode.Member] = []
        var names: Set<String> = []
        if self.take("}") { return members }
        while true {
            guard self.next == "\"" else { throw .invalidJSON }
            let name = try self.string()
            guard names.insert(name).inserted else { throw .invalidJSON }
            self.skipSpace()
            guard self.take(":") else { throw .invalidJSON }
            self.skipSpace()
            members.append(JSONNode.Member(name: name, node: try self.value()))
            self.skipSpace()
            if self.take("}") { return members }
            guard self.take(",") else { throw .invalidJSON }
            self.skipSpace()
        }
    }

    private mutating func elements() throws(PolicyError) -> [JSONNode] {
        try self.enter()
        defer { self.depth -= 1 }
        var elements: [JSONNode] = []
        if self.take("]") { return elements }
        while true {
            elements.append(try self.value())
            self.skipSpace()
            if self.take("]") { return elements }
            guard self.take(",") else { throw .invalidJSON }
            self.skipSpace()
        }
    }

    private mutating func number() throws(PolicyError) -> String {
        let start = self.index
        _ = self.take("-")
        if !self.take("0") { try self.digits() }
        if self.take(".") { try self.digits() }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            try self.digits()
        }
        var text = ""
        text.unicodeScalars.append(contentsOf: self.scalars[start..<self.index])
        return text
    }

    private mutating func digits() throws(PolicyError) {
        guard let first = self.next, ("0"..."9").contains(first) else { throw .invalidJSON }
        while let scalar = self.next, ("0"..."9").contains(scalar) { self.advance() }
    }

    // Strings

    private mutating func string() throws(PolicyError) -> String {
        self.advance()
        var text = String.UnicodeScalarView()
        while let scalar = self.next {
            self.advance()
            switch scalar {
            case "\"": return String(text)
            case "\\": text.append(try self.escaped())
            case "\u{0}"..."\u{1F}": throw .invalidJSON
            default: text.append(scalar)
            }
        }
        throw .invalidJSON
    }

    private mutating func escaped() throws(PolicyError) -> Unicode.Scalar {
        guard let scalar = self.next else { throw .invalidJSON }
        self.advance()
        switch scalar {
        case "\"", "\\", "/": return scalar
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u": return try self.codePoint()
        default: throw .invalidJSON
        }
    }

    private mutating func codePoint() throws(PolicyError) -> Unicode.Scalar {
        let unit = try self.codeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // Half of a pair of surrogates; the other half must follow.
        guard UTF16.isLeadSurrogate(UInt16(unit)), self.take("\\"), self.take("u") else { throw .invalidJSON }
        let other = try self.codeUnit()
        guard UTF16.isTrailSurrogate(UInt16(other)),
            let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (other - 0xDC00))
        else { throw .invalidJSON }
        return scalar
    }

    /// Four hexadecimal digits.
    private mutating func codeUnit() throws(PolicyError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let scalar = self.next, scalar.isASCII, let digit = ASCII.hexValue(UInt8(scalar.value)) else {
                throw .invalidJSON
            }
            self.advance()
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}
