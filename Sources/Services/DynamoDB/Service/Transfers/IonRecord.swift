internal import DynamoDBValues
internal import Primitives

/// Converts a record of Amazon Ion text, `$ion_1_0 {Item:{…}}`, to DynamoDB JSON, whose parser then validates the item:
/// the rules are the same for both forms.
///
/// Supported: structs, lists, strings, decimals and ints, bools, nulls, blobs, and lists annotated as sets. Symbols as
/// values, clobs, timestamps and s-expressions have no corresponding type in DynamoDB.
/// - Source: DynamoDB Developer Guide, "Amazon S3 import formats for DynamoDB", "Amazon Ion"; Ion's
///   specification of text.
struct IonRecord {
    /// The limit on nested structs and lists; an item has 32 levels at most.
    private static let depthMax = 40

    private struct Malformed: Error {}

    private let bytes: [UInt8]
    private var index = 0
    private var output: [UInt8] = []

    /// `isBulk`: the record can have a condition with its names and values besides the item, and unknown members are
    /// kept, so that they can be refused.
    /// - Returns: nil when the text is not such a record.
    static func json(_ bytes: [UInt8], isBulk: Bool = false) -> [UInt8]? {
        var record = IonRecord(bytes: bytes)
        do throws(Malformed) {
            try record.read(isBulk: isBulk)
            return record.output
        } catch {
            return nil
        }
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    // The record

    private mutating func read(isBulk: Bool) throws(Malformed) {
        self.skipSpace()
        if self.bytes[self.index...].starts(with: "$ion_1_0".utf8) { self.index += 8 }
        self.output.append(UInt8(ascii: "{"))
        var isFirst = true
        try self.structure { (record, name) throws(Malformed) in
            let start = record.output.count
            record.begin(name, isFirst: isFirst)
            switch (String(decoding: name, as: UTF8.self), isBulk) {
            case ("Item", _), ("ExpressionAttributeValues", true): try record.members(depth: 1)
            case ("ConditionExpression", true): try record.string()
            case ("ExpressionAttributeNames", true):
                try record.object { (record) throws(Malformed) in try record.string() }
            default:
                try record.value(depth: 1)
                guard !isBulk else { break }
                // Other members of an import's record are ignored, except for their syntax.
                return record.output.removeLast(record.output.count - start)
            }
            isFirst = false
        }
        self.output.append(UInt8(ascii: "}"))
        self.skipSpace()
        guard self.index == self.bytes.count else { throw Malformed() }
    }

    /// Begins an object's member: a comma if needed, its name and a colon.
    private mutating func begin(_ name: [UInt8], isFirst: Bool) {
        self.output += Array((isFirst ? "\"" : ",\"").utf8) + name + Array("\":".utf8)
    }

    /// Parses a struct; `member` is called after each name and parses the value.
    private mutating func structure(
        _ member: (inout IonRecord, [UInt8]) throws(Malformed) -> Void
    ) throws(Malformed) {
        try self.take("{")
        self.skipSpace()
        while self.next != UInt8(ascii: "}") {
            guard let name = try self.symbol() else { throw Malformed() }
            self.skipSpace()
            try self.take(":")
            self.skipSpace()
            try member(&self, name)
            try self.separate("}")
        }
        self.index += 1
    }

    /// A struct whose members are values, as a JSON object.
    private mutating func members(depth: Int) throws(Malformed) {
        try self.object { (record) throws(Malformed) in try record.value(depth: depth + 1) }
    }

    /// A struct as a JSON object, each of whose members is parsed by `member`.
    private mutating func object(_ member: (inout IonRecord) throws(Malformed) -> Void) throws(Malformed) {
        self.output.append(UInt8(ascii: "{"))
        var isFirst = true
        try self.structure { (record, name) throws(Malformed) in
            record.begin(name, isFirst: isFirst)
            isFirst = false
            try member(&record)
        }
        self.output.append(UInt8(ascii: "}"))
    }

    // Values

    private mutating func value(depth: Int) throws(Malformed) {
        guard depth <= Self.depthMax else { throw Malformed() }
        self.skipSpace()
        var annotation: [UInt8]?
        while let found = try self.annotation() { annotation = annotation ?? found }
        switch self.next {
        case UInt8(ascii: "["): try self.list(annotation, depth: depth)
        case UInt8(ascii: "{") where self.after == UInt8(ascii: "{"):
            self.begin("B")
            try self.blob()
        case UInt8(ascii: "{"):
            self.begin("M")
            try self.members(depth: depth)
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            self.begin("S")
            try self.string()
        case UInt8(ascii: "-")?, (UInt8(ascii: "0")...UInt8(ascii: "9"))?:
            self.begin("N")
            try self.number()
        default: try self.word()
        }
        self.output.append(UInt8(ascii: "}"))
    }

    /// Begins the object of a typed value, which `value` closes.
    private mutating func begin(_ type: String) {
        self.output += Array("{\"\(type)\":".utf8)
    }

    private mutating func list(_ annotation: [UInt8]?, depth: Int) throws(Malformed) {
        let set = annotation.map { String(decoding: $0, as: UTF8.self) }
        let type: String? =
            switch set {
            case "$dynamodb_SS": "SS"
            case "$dynamodb_NS": "NS"
            case "$dynamodb_BS": "BS"
            default: nil
            }
        self.begin(type ?? "L")
        try self.take("[")
        self.output.append(UInt8(ascii: "["))
        self.skipSpace()
        var isFirst = true
        while self.next != UInt8(ascii: "]") {
            if !isFirst { self.output.append(UInt8(ascii: ",")) }
            isFirst = false
            switch type {
            case "SS": try self.string()
            case "NS": try self.number()
            case "BS": try self.blob()
            default: try self.value(depth: depth + 1)
            }
            try self.separate("]")
        }
        self.index += 1
        self.output.append(UInt8(ascii: "]"))
    }

    /// `true`, `false`, `null`, `null.string`.
    private mutating func word() throws(Malformed) {
        let start = self.index
        while let byte = self.next, IonText.isWord(byte) || byte == UInt8(ascii: ".") { self.index += 1 }
        let word = String(decoding: self.bytes[start..<self.index], as: UTF8.self)
        switch word {
        case "true", "false":
            self.begin("BOOL")
            self.output += Array(word.utf8)
        default:
            guard word == "null" || word.hasPrefix("null.") else { throw Malformed() }
            self.begin("NULL")
            self.output += Array("true".utf8)
        }
    }

    /// A decimal, an int or a float; whether it is a valid number of DynamoDB is checked later.
    private mutating func number() throws(Malformed) {
        self.output.append(UInt8(ascii: "\""))
        let start = self.index
        while let byte = self.next {
            switch byte {
            case UInt8(ascii: "d"), UInt8(ascii: "D"): self.output.append(UInt8(ascii: "e"))
            case UInt8(ascii: "_"): break
            case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                self.output.append(byte)
            default:
                guard self.isEnd(byte), self.index > start else { throw Malformed() }
                return self.output.append(UInt8(ascii: "\""))
            }
            self.index += 1
        }
        throw Malformed()
    }

    private func isEnd(_ byte: UInt8) -> Bool {
        [0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "/")]
            .contains(byte)
    }

    private mutating func blob() throws(Malformed) {
        try self.take("{")
        try self.take("{")
        self.output.append(UInt8(ascii: "\""))
        while let byte = self.next, byte != UInt8(ascii: "}") {
            self.index += 1
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: break
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): self.output.append(byte)
            default:
                guard ASCII.isLetter(byte) || ASCII.isDigit(byte) else { throw Malformed() }
                self.output.append(byte)
            }
        }
        try self.take("}")
        try self.take("}")
        self.output.append(UInt8(ascii: "\""))
    }

    // Text

    /// `"…"`, or one or more `'''…'''`.
    private mutating func string() throws(Malformed) {
        self.output.append(UInt8(ascii: "\""))
        if self.next == UInt8(ascii: "\"") {
            self.index += 1
            self.output += try self.text(until: "\"")
        } else {
            guard self.bytes[self.index...].starts(with: "'''".utf8) else { throw Malformed() }
            while self.bytes[self.index...].starts(with: "'''".utf8) {
                self.index += 3
                self.output += try self.text(until: "'''")
                self.skipSpace()
            }
        }
        self.output.append(UInt8(ascii: "\""))
    }

    /// A name, a quoted symbol or a string, as the content of a JSON string; nil when there is none.
    private mutating func symbol() throws(Malformed) -> [UInt8]? {
        switch self.next {
        case UInt8(ascii: "\""):
            self.index += 1
            return try self.text(until: "\"")
        case UInt8(ascii: "'"):
            self.index += 1
            return try self.text(until: "'")
        default:
            let start = self.index
            while let byte = self.next, IonText.isWord(byte) { self.index += 1 }
            return start < self.index ? Array(self.bytes[start..<self.index]) : nil
        }
    }

    /// A symbol followed by `::`; nil, with nothing consumed, when there is none.
    private mutating func annotation() throws(Malformed) -> [UInt8]? {
        let start = self.index
        guard self.next != UInt8(ascii: "\""), !self.bytes[start...].starts(with: "'''".utf8),
            let symbol = try self.symbol()
        else { return nil }
        self.skipSpace()
        guard self.bytes[self.index...].starts(with: "::".utf8) else {
            self.index = start
            return nil
        }
        self.index += 2
        self.skipSpace()
        return symbol
    }

    /// The text up to `end`, with JSON escapes instead of Ion's.
    private mutating func text(until end: String) throws(Malformed) -> [UInt8] {
        var text: [UInt8] = []
        while let byte = self.next {
            if self.bytes[self.index...].starts(with: end.utf8) {
                self.index += end.utf8.count
                return text
            }
            self.index += 1
            switch byte {
            case UInt8(ascii: "\\"): text += try self.escape()
            case UInt8(ascii: "\""): text += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: text += Array("\\u00\(Hex.encode(CollectionOfOne(byte)))".utf8)
            default: text.append(byte)
            }
        }
        throw Malformed()
    }

    private mutating func escape() throws(Malformed) -> [UInt8] {
        guard let byte = self.next else { throw Malformed() }
        self.index += 1
        switch byte {
        case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"),
            UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "'"), UInt8(ascii: "?"): return [byte]
        case UInt8(ascii: "0"): return Array("\\u0000".utf8)
        case UInt8(ascii: "a"): return Array("\\u0007".utf8)
        case UInt8(ascii: "v"): return Array("\\u000b".utf8)
        // A line continuation.
        case 0x0A: return []
        case UInt8(ascii: "x"): return Array("\\u00".utf8) + (try self.digits(2))
        case UInt8(ascii: "u"): return Array("\\u".utf8) + (try self.digits(4))
        case UInt8(ascii: "U"):
            let value = UInt32(String(decoding: try self.digits(8), as: UTF8.self), radix: 16)
            guard let scalar = value.flatMap(Unicode.Scalar.init), scalar.value >= 0x20 else { throw Malformed() }
            return Array(String(scalar).utf8)
        default: throw Malformed()
        }
    }

    private mutating func digits(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
        let digits = self.bytes[self.index...].prefix(count)
        guard digits.count == count, digits.allSatisfy({ ASCII.hexValue($0) != nil }) else { throw Malformed() }
        self.index += count
        return digits
    }

    // Bytes

    private var next: UInt8? { self.index < self.bytes.count ? self.bytes[self.index] : nil }
    private var after: UInt8? { self.index + 1 < self.bytes.count ? self.bytes[self.index + 1] : nil }

    private mutating func take(_ byte: Unicode.Scalar) throws(Malformed) {
        self.skipSpace()
        guard self.next == UInt8(ascii: byte) else { throw Malformed() }
        self.index += 1
    }

    /// A comma, unless the end follows; a trailing comma is allowed.
    private mutating func separate(_ end: Unicode.Scalar) throws(Malformed) {
        self.skipSpace()
        if self.next == UInt8(ascii: end) { return }
        try self.take(",")
        self.skipSpace()
    }

    /// Skips white space and comments.
    private mutating func skipSpace() {
        while let byte = self.next {
            switch (byte, self.after) {
            case (0x20, _), (0x09, _), (0x0A, _), (0x0D, _): self.index += 1
            case (UInt8(ascii: "/"), UInt8(ascii: "/")?):
                while let byte = self.next, byte != 0x0A { self.index += 1 }
            case (UInt8(ascii: "/"), UInt8(ascii: "*")?):
                self.index += 2
                while self.next != nil, !self.bytes[self.index...].starts(with: "*/".utf8) { self.index += 1 }
                self.index = min(self.index + 2, self.bytes.count)
            default: return
            }
        }
    }
}
