import Primitives
import ServiceModel

extension DynamicValue {
    /// A random value of a structure: few members, fewer the deeper.
    static func random(_ schema: ShapeSchema, _ source: SeededRandomSource, depth: Int = 0) -> DynamicValue {
        if schema.type == .union {
            let member = schema.members[Int(source.next() % UInt64(schema.members.count))]
            return .structure([member.name: self.value(member, source, depth: depth + 1)])
        }
        var members: [String: DynamicValue] = [:]
        for member in schema.members where source.next() % UInt64(2 + 2 * depth) == 0 {
            members[member.name] = self.value(member, source, depth: depth + 1)
        }
        return .structure(members)
    }

    private static func value(_ member: MemberSchema, _ source: SeededRandomSource, depth: Int) -> DynamicValue {
        // A flattened collection without elements leaves no trace.
        let countMin = member.traits.isXMLFlattened ? 1 : 0
        let count = depth > 4 ? countMin : countMin + Int(source.next() % 4)
        let shape = member.target
        switch shape.type {
        case .structure, .union:
            return depth > 5 && shape.type == .structure ? .structure([:]) : self.random(shape, source, depth: depth)
        case .list:
            return .list((0..<count).map { _ in self.item(shape.element, shape, source, depth: depth + 1) })
        case .map:
            var entries: [String: DynamicValue] = [:]
            for _ in 0..<count {
                entries[self.text(source)] = self.item(shape.value, shape, source, depth: depth + 1)
            }
            return .map(entries)
        default:
            return self.scalar(shape, source)
        }
    }

    private static func item(
        _ member: MemberSchema, _ shape: ShapeSchema, _ source: SeededRandomSource, depth: Int
    ) -> DynamicValue {
        shape.traits.isSparse && source.next() % 4 == 0 ? .null : self.value(member, source, depth: depth)
    }

    private static func scalar(_ shape: ShapeSchema, _ source: SeededRandomSource) -> DynamicValue {
        let bits = source.next()
        switch shape.type {
        case .boolean: return .boolean(bits % 2 == 0)
        case .byte: return .integer(Int64(Int8(truncatingIfNeeded: bits)))
        case .short: return .integer(Int64(Int16(truncatingIfNeeded: bits)))
        case .integer, .intEnumeration: return .integer(Int64(Int32(truncatingIfNeeded: bits >> (bits % 32))))
        case .long: return .integer(Int64(truncatingIfNeeded: bits) >> Int64(bits % 64))
        case .float: return .double(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        case .double: return .double(Double(bitPattern: bits))
        case .bigInteger: return .bigNumber(bits % 8 == 0 ? "\(bits)" : "-\(bits)\(source.next())\(source.next())")
        case .bigDecimal: return .bigNumber("\(bits >> (bits % 64)).\(source.next())")
        case .timestamp:
            let range: UInt64 = 315_537_897_600_000
            return .timestamp(Timestamp(millisecondsSinceEpoch: Int64(bits % range) - 62_135_596_800_000))
        case .blob: return .blob(source.bytes(Int(bits % 40)))
        case .document: return .document(self.document(source, depth: 0))
        default: return .string(self.text(source))
        }
    }

    private static let pieces = [
        "a", "Z", "9", " ", ".", "-", "&", "<", ">", "\"", "'", "]]>", "&amp;", "%", "+", "=", "\r", "\n", "\t",
        "\u{1}",
        "\u{1F}", "é", "日本", "\u{FFFE}", "\u{FFFF}", "\u{1F9EA}", "\u{10FFFF}", "\u{7F}", "/", "\\",
    ]

    private static func text(_ source: SeededRandomSource) -> String {
        (0..<Int(source.next() % 8)).map { _ in self.pieces[Int(source.next() % UInt64(self.pieces.count))] }.joined()
    }

    private static func document(_ source: SeededRandomSource, depth: Int) -> Document {
        switch source.next() % (depth > 2 ? 4 : 6) {
        case 0: return .null
        case 1: return .boolean(source.next() % 2 == 0)
        case 2: return .number("\(Int64(truncatingIfNeeded: source.next()))")
        case 3: return .string(self.text(source))
        case 4: return .array((0..<Int(source.next() % 3)).map { _ in self.document(source, depth: depth + 1) })
        default:
            return .object(
                (0..<Int(source.next() % 3)).map {
                    Document.Member("m\($0)", self.document(source, depth: depth + 1))
                })
        }
    }
}

/// Random damage to a document.
struct ByteMutator {
    let source: SeededRandomSource
    /// Bytes that mean something to the format, put in more often than others.
    let alphabet: [UInt8]

    func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<(1 + self.source.next() % 4) {
            guard !bytes.isEmpty else { break }
            let index = Int(self.source.next() % UInt64(bytes.count))
            switch self.source.next() % 6 {
            case 0: bytes[index] ^= 1 << UInt8(self.source.next() % 8)
            case 1: bytes[index] = self.byte()
            case 2: bytes.insert(self.byte(), at: index)
            case 3: bytes.remove(at: index)
            case 4: bytes.removeSubrange(index..<min(bytes.count, index + 1 + Int(self.source.next() % 8)))
            default:
                let end = min(bytes.count, index + 1 + Int(self.source.next() % 16))
                bytes.insert(contentsOf: bytes[index..<end], at: Int(self.source.next() % UInt64(bytes.count)))
            }
        }
        return bytes
    }

    private func byte() -> UInt8 {
        let bits = self.source.next()
        return bits % 2 == 0
            ? self.alphabet[Int(bits >> 8) % self.alphabet.count] : UInt8(truncatingIfNeeded: bits >> 8)
    }
}
