package import ServiceModel

/// Reads a shape from JSON text in one pass over its bytes, without a tree.
///
/// Strict RFC 8259: UTF-8 only (no overlong forms, no surrogates, no lone `\uD800`), no byte order mark, no comments, no
/// trailing commas, nothing behind the value. Of a name that occurs twice the later value wins. Numbers are kept as
/// text until the schema says what they are, so 38 digits never pass through `Double`.
package final class JSONReader: BodyReader {
    /// How far the reader follows AWS's older services, which let more pass.
    package enum Strictness: Sendable {
        /// awsJson: fractions of integers are cut off, unknown members of unions and null map values are skipped.
        case coral
        /// restJson1 as Smithy's malformed-request cases demand: all of these are refused.
        case smithy
    }

    /// Deepest nesting of arrays and objects; services set lower limits of their own.
    package static let depthMax = 128

    let bytes: [UInt8]
    let strictness: Strictness
    /// The next byte to read.
    var position = 0
    /// Whether a container has just been opened, so that no comma is due.
    var isFirst = true
    var depth = 0
    /// Where in the schema the next member is looked for first: clients mostly send them in the model's order.
    private var expectedIndex = 0
    /// Members seen in each open union; kept in `smithy` strictness only.
    private var unionMemberCounts: [Int] = []

    package init(_ bytes: [UInt8], strictness: Strictness = .coral) {
        self.bytes = bytes
        self.strictness = strictness
    }

    /// The byte at the position; 0, which no JSON text outside of strings holds, at the end.
    @inline(__always)
    var current: UInt8 {
        let position = self.position
        return position < self.bytes.count ? self.bytes[position] : 0
    }

    /// Steps over white space and returns the byte behind it without consuming it.
    @inline(__always)
    func peek() -> UInt8 {
        let byte = self.current
        return byte > 0x20 ? byte : self.peekBehindSpace()
    }

    @inline(never)
    private func peekBehindSpace() -> UInt8 {
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

    package func beginStructure(_ schema: ShapeSchema) throws(ShapeError) {
        try self.open(UInt8(ascii: "{"), schema.type, schema.name)
        self.expectedIndex = 0
        if self.strictness == .smithy, schema.type == .union { self.unionMemberCounts.append(0) }
    }

    package func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        let isStrictUnion = self.strictness == .smithy && schema.type == .union
        while try self.advance(UInt8(ascii: "}")) {
            guard let index = try self.readMemberName(schema) else {
                if isStrictUnion { try self.checkUnknownMember(schema) }
                try self.skipValue()
                continue
            }
            if self.peek() == UInt8(ascii: "n"), schema.members[index].target.type != .document {
                try self.skipLiteral("null")
                continue
            }
            if isStrictUnion { try self.countMember(schema) }
            self.expectedIndex = index + 1
            return index
        }
        if isStrictUnion, self.unionMemberCounts.popLast() == 0 {
            throw .invalidValue("a union without a member", expected: .union, member: schema.name)
        }
        return nil
    }

    /// Reads a member's name and its colon; nil for a name that the schema does not know.
    @inline(__always)
    private func readMemberName(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        guard self.peek() == UInt8(ascii: "\"") else { throw self.unexpected("a name") }
        let start = self.position + 1
        let end = self.endOfPlainRun(from: start)
        let index: Int?
        if end < self.bytes.count, self.bytes[end] == UInt8(ascii: "\"") {
            self.position = end + 1
            index = JSONNames.index(
                of: self.bytes, start, end, in: schema, expected: self.expectedIndex,
                acceptsModelNames: self.strictness == .coral)
        } else {
            var name: [UInt8] = []
            try self.readStringBytes(appendingTo: &name)
            index = JSONNames.index(
                of: name, 0, name.count, in: schema, expected: self.expectedIndex,
                acceptsModelNames: self.strictness == .coral)
        }
        try self.readColon()
        return index
    }

    private func countMember(_ schema: ShapeSchema) throws(ShapeError) {
        let last = self.unionMemberCounts.count - 1
        self.unionMemberCounts[last] += 1
        guard self.unionMemberCounts[last] == 1 else {
            throw .invalidValue("a union with several members", expected: .union, member: schema.name)
        }
    }

    /// An unknown member counts as one; `__type` is the type hint that some clients add. A null is nothing.
    private func checkUnknownMember(_ schema: ShapeSchema) throws(ShapeError) {
        if self.peek() == UInt8(ascii: "n") || self.isTypeHint { return }
        throw .invalidValue("a union with an unknown member", expected: .union, member: schema.name)
    }

    /// Whether the name just read is `__type`.
    private var isTypeHint: Bool {
        var end = self.position - 1
        while end > 0, self.bytes[end] != UInt8(ascii: "\"") { end -= 1 }
        return self.bytes[..<end].suffix(7).elementsEqual("\"__type".utf8)
    }

    package func beginList(_ member: MemberSchema) throws(ShapeError) {
        try self.open(UInt8(ascii: "["), .list, member.name)
    }

    package func nextElement(_ member: MemberSchema) throws(ShapeError) -> WireElement {
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

    package func beginMap(_ member: MemberSchema) throws(ShapeError) {
        try self.open(UInt8(ascii: "{"), .map, member.name)
    }

    package func nextKey(_ member: MemberSchema) throws(ShapeError) -> String? {
        while try self.advance(UInt8(ascii: "}")) {
            guard self.peek() == UInt8(ascii: "\"") else { throw self.unexpected("a key") }
            let key = try self.readPlainString()
            try self.readColon()
            if try !self.skipNullValue(member) { return key }
        }
        return nil
    }

    package func nextKey(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) -> Bool {
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

    /// Skips a null where the map holds none.
    @inline(__always)
    private func skipNullValue(_ member: MemberSchema) throws(ShapeError) -> Bool {
        guard self.peek() == UInt8(ascii: "n") else { return false }
        let map = member.target
        guard map.type == .map, !map.traits.isSparse, map.value.target.type != .document else { return false }
        if self.strictness == .smithy {
            throw .typeMismatch(found: .null, expected: map.value.target.type, member: map.value.name)
        }
        try self.skipLiteral("null")
        return true
    }

    package func readNull() throws(ShapeError) -> Bool {
        guard self.peek() == UInt8(ascii: "n") else { return false }
        try self.skipLiteral("null")
        return true
    }

    package func finish() throws(ShapeError) {
        _ = self.peek()
        guard self.position == self.bytes.count else { throw self.unexpected("the end") }
    }

    /// Enters an array or object.
    @inline(__always)
    func open(_ bracket: UInt8, _ expected: ShapeType, _ member: String) throws(ShapeError) {
        guard self.peek() == bracket else { throw try self.mismatch(expected, member) }
        self.depth += 1
        guard self.depth <= Self.depthMax else { throw .limitExceeded("nesting deeper than \(Self.depthMax)") }
        self.position += 1
        self.isFirst = true
    }

    /// Moves to the next item of the open container; false when the container ends here, which leaves it.
    @inline(__always)
    func advance(_ closing: UInt8) throws(ShapeError) -> Bool {
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
    func readColon() throws(ShapeError) {
        guard self.peek() == UInt8(ascii: ":") else { throw self.unexpected("a colon") }
        self.position += 1
    }

    /// The error for a byte that the grammar does not allow here.
    @inline(never)
    func unexpected(_ expected: String) -> ShapeError {
        .malformed("JSON: \(expected) is missing at byte \(self.position)")
    }

    /// The error for a value of the wrong kind; a broken value is malformed instead.
    @inline(never)
    func mismatch(_ expected: ShapeType, _ member: String) throws(ShapeError) -> ShapeError {
        .typeMismatch(found: try self.token(), expected: expected, member: member)
    }

    /// The kind of the value at the position; literals and numbers are checked to be whole.
    private func token() throws(ShapeError) -> WireToken {
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
