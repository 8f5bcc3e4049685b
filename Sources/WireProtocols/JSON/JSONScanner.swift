internal import ServiceModel

/// The state of a `JSONReader`: its position in the text and in the schema.
///
/// A struct, so that its methods access fields without the runtime's exclusivity checks, which cost more than the
/// parsing itself.
struct JSONScanner {
    let bytes: [UInt8]
    let strictness: JSONReader.Strictness
    /// The offset of the next byte.
    var position = 0
    /// Whether a container was just opened, so that no comma is expected.
    var isFirst = true
    var depth = 0
    /// The index of the member that is compared first: most clients send members in the model's order.
    private var expectedIndex = 0
    /// How many more values documents may have.
    var documentValuesLeft: Int
    var memo = JSONNamesMemo()
    /// Members seen in each open union; only counted in `smithy` strictness.
    private var unionMemberCounts: [Int] = []

    init(_ bytes: [UInt8], strictness: JSONReader.Strictness, documentValueCountMax: Int) {
        self.bytes = bytes
        self.strictness = strictness
        self.documentValuesLeft = documentValueCountMax
    }

    /// The byte at the position; 0 at the end, a byte that is not valid JSON outside strings.
    @inline(__always)
    var current: UInt8 {
        let position = self.position
        return position < self.bytes.count ? self.bytes[position] : 0
    }

    /// Skips white space and returns the byte after it without consuming it.
    @inline(__always)
    mutating func peek() -> UInt8 {
        let byte = self.current
        return byte > 0x20 ? byte : self.peekBehindSpace()
    }

    @inline(never)
    private mutating func peekBehindSpace() -> UInt8 {
        var position = self.position
        let count = self.bytes.count
        while position < count {
            let byte = self.bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { break }
            position += 1
        }
        self.position = position
        return self.current
    }

    mutating func beginStructure(_ schema: ShapeSchema) throws(ShapeError) {
        try self.open(UInt8(ascii: "{"), schema.type, schema.name)
        self.expectedIndex = 0
        if self.isStrictUnion(schema) { self.unionMemberCounts.append(0) }
    }

    // A pattern, because `==` of another module's enumeration is a generic call.
    @inline(__always)
    private func isStrictUnion(_ schema: ShapeSchema) -> Bool {
        guard case .smithy = self.strictness, case .union = schema.type else { return false }
        return true
    }

    mutating func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        let isStrictUnion = self.isStrictUnion(schema)
        while try self.advance(UInt8(ascii: "}")) {
            guard let index = try self.readMemberName(schema) else {
                if isStrictUnion { try self.checkUnknownMember(schema) }
                try self.skipValue()
                continue
            }
            if self.peek() == UInt8(ascii: "n"), try self.skipNullMember(schema, index) { continue }
            if isStrictUnion { try self.countMember(schema) }
            self.expectedIndex = index + 1
            return index
        }
        if isStrictUnion, self.unionMemberCounts.popLast() == 0 {
            throw .invalidValue("a union without a member", expected: .union, member: schema.name)
        }
        return nil
    }

    /// Reads a member's name and the colon; nil for a name that is not in the schema.
    @inline(__always)
    private mutating func readMemberName(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        guard self.peek() == UInt8(ascii: "\"") else { throw self.unexpected("a name") }
        let start = self.position + 1
        let end = self.endOfPlainRun(from: start)
        let names = self.memo.names(of: schema)
        let index: Int?
        if end < self.bytes.count, self.bytes[end] == UInt8(ascii: "\"") {
            self.position = end + 1
            index =
                names.index(of: self.bytes, start, end, expected: self.expectedIndex)
                ?? (self.strictness == .coral ? names.indexByModelName(self.bytes, start, end, schema) : nil)
        } else {
            var name: [UInt8] = []
            try self.readStringBytes(appendingTo: &name)
            index =
                names.index(of: name, 0, name.count, expected: self.expectedIndex)
                ?? (self.strictness == .coral ? names.indexByModelName(name, 0, name.count, schema) : nil)
        }
        try self.readColon()
        return index
    }

    /// Skips a member's null, unless the member holds a document, where null is a value.
    @inline(never)
    private mutating func skipNullMember(_ schema: ShapeSchema, _ index: Int) throws(ShapeError) -> Bool {
        guard schema.members[index].target.type != .document else { return false }
        try self.skipLiteral("null")
        return true
    }

    @inline(never)
    private mutating func countMember(_ schema: ShapeSchema) throws(ShapeError) {
        let last = self.unionMemberCounts.count - 1
        self.unionMemberCounts[last] += 1
        guard self.unionMemberCounts[last] == 1 else {
            throw .invalidValue("a union with several members", expected: .union, member: schema.name)
        }
    }

    /// An unknown member is an error, except `__type`, a type hint that some clients add, and nulls.
    private mutating func checkUnknownMember(_ schema: ShapeSchema) throws(ShapeError) {
        if self.peek() == UInt8(ascii: "n") || self.isTypeHint { return }
        throw .invalidValue("a union with an unknown member", expected: .union, member: schema.name)
    }

    /// Whether the name read last is `__type`.
    private var isTypeHint: Bool {
        var end = self.position - 1
        while end > 0, self.bytes[end] != UInt8(ascii: "\"") { end -= 1 }
        return self.bytes[..<end].suffix(7).elementsEqual("\"__type".utf8)
    }

    mutating func beginList(_ member: MemberSchema) throws(ShapeError) {
        try self.open(UInt8(ascii: "["), .list, member.name)
    }

    mutating func nextElement(_ member: MemberSchema) throws(ShapeError) -> WireElement {
        guard try self.advance(UInt8(ascii: "]")) else { return .end }
        guard self.peek() == UInt8(ascii: "n") else { return .value }
        let list = member.target
        if list.element.target.type == .document { return .value }
        guard list.traits.isSparse else {
            throw .typeMismatch(found: .null, expected: list.element.target.type, member: list.element.name)
        }
        try self.skipLiteral("null")
        return .null
    }

    mutating func beginMap(_ member: MemberSchema) throws(ShapeError) {
        try self.open(UInt8(ascii: "{"), .map, member.name)
    }

    mutating func nextKey(_ member: MemberSchema) throws(ShapeError) -> String? {
        while try self.advance(UInt8(ascii: "}")) {
            guard self.peek() == UInt8(ascii: "\"") else { throw self.unexpected("a key") }
            let key = try self.readPlainString()
            try self.readColon()
            if try !self.skipNullValue(member) { return key }
        }
        return nil
    }

    mutating func nextKey(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) -> Bool {
        let start = output.count
        while try self.advance(UInt8(ascii: "}")) {
            guard self.peek() == UInt8(ascii: "\"") else { throw self.unexpected("a key") }
            try self.readStringBytes(appendingTo: &output)
            try self.readColon()
            if try !self.skipNullValue(member) { return true }
            output.removeSubrange(start...)
        }
        return false
    }

    /// Skips a null value of a map that is not sparse.
    @inline(__always)
    private mutating func skipNullValue(_ member: MemberSchema) throws(ShapeError) -> Bool {
        guard self.peek() == UInt8(ascii: "n") else { return false }
        return try self.skipNullValue(of: member.target)
    }

    @inline(never)
    private mutating func skipNullValue(of map: ShapeSchema) throws(ShapeError) -> Bool {
        guard map.type == .map, !map.traits.isSparse, map.value.target.type != .document else { return false }
        if self.strictness == .smithy {
            throw .typeMismatch(found: .null, expected: map.value.target.type, member: map.value.name)
        }
        try self.skipLiteral("null")
        return true
    }

    mutating func readNull() throws(ShapeError) -> Bool {
        guard self.peek() == UInt8(ascii: "n") else { return false }
        try self.skipLiteral("null")
        return true
    }

    mutating func finish() throws(ShapeError) {
        _ = self.peek()
        guard self.position == self.bytes.count else { throw self.unexpected("the end") }
    }

    /// Opens an array or object.
    @inline(__always)
    mutating func open(_ bracket: UInt8, _ expected: ShapeType, _ member: String) throws(ShapeError) {
        guard self.peek() == bracket else { throw try self.mismatch(expected, member) }
        self.depth += 1
        guard self.depth <= JSONReader.depthMax else {
            throw .limitExceeded("nesting deeper than \(JSONReader.depthMax)")
        }
        self.position += 1
        self.isFirst = true
    }

    /// Moves to the next item of the open container; at its end closes it and returns false.
    @inline(__always)
    mutating func advance(_ closing: UInt8) throws(ShapeError) -> Bool {
        let byte = self.peek()
        if byte == closing {
            self.position += 1
            self.depth -= 1
            self.isFirst = false
            return false
        }
        if self.isFirst {
            self.isFirst = false
            return true
        }
        guard byte == UInt8(ascii: ",") else { throw self.unexpected("a comma") }
        self.position += 1
        guard self.peek() != closing else { throw self.unexpected("an item behind the comma") }
        return true
    }

    @inline(__always)
    mutating func readColon() throws(ShapeError) {
        guard self.peek() == UInt8(ascii: ":") else { throw self.unexpected("a colon") }
        self.position += 1
    }

    /// The error for a byte that the grammar does not allow here.
    @inline(never)
    func unexpected(_ expected: String) -> ShapeError {
        .malformed("JSON: \(expected) is missing at byte \(self.position)")
    }

    /// The error for a value of the wrong kind; if the value is malformed, throws that error instead.
    @inline(never)
    mutating func mismatch(_ expected: ShapeType, _ member: String) throws(ShapeError) -> ShapeError {
        .typeMismatch(found: try self.token(), expected: expected, member: member)
    }

    /// The kind of the value at the position; literals and numbers are checked completely.
    private mutating func token() throws(ShapeError) -> WireToken {
        switch self.peek() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            try self.skipValue()
            return .boolean
        case UInt8(ascii: "n"):
            try self.skipValue()
            return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try self.skipValue()
            return .number
        default: throw self.unexpected("a value")
        }
    }
}
