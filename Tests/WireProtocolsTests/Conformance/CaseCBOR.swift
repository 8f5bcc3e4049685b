import WireProtocols

/// A CBOR item of a case, for comparison: numbers are equal by value, however wide they are written.
indirect enum CaseCBOR: Sendable, Hashable {
    case unsigned(UInt64)
    /// -1 - n
    case negative(UInt64)
    case bytes([UInt8])
    case text(String)
    case array([CaseCBOR])
    case map([String: CaseCBOR])
    case tag(UInt64, CaseCBOR)
    case boolean(Bool)
    case null
    case undefined
    case simple(UInt64)
    case half(UInt16)
    case single(UInt32)
    case double(UInt64)

    /// Nil for what is not one well-formed item.
    static func parse(_ bytes: [UInt8]) -> CaseCBOR? {
        var scanner = CBORScanner(bytes)
        guard let item = try? self.item(&scanner), scanner.isAtEnd else { return nil }
        return item
    }

    private static func item(_ scanner: inout CBORScanner) throws -> CaseCBOR {
        let head = try scanner.head()
        switch head.major {
        case .unsigned: return .unsigned(head.argument)
        case .negative: return .negative(head.argument)
        case .bytes, .text:
            var content: [UInt8] = []
            try scanner.appendString(head, to: &content)
            return head.major == .bytes ? .bytes(content) : .text(String(decoding: content, as: UTF8.self))
        case .tag: return .tag(head.argument, try self.item(&scanner))
        case .array:
            var elements: [CaseCBOR] = []
            var remaining = try scanner.count(head)
            while self.hasMore(&remaining, &scanner) { elements.append(try self.item(&scanner)) }
            return .array(elements)
        case .map:
            var members: [String: CaseCBOR] = [:]
            var remaining = try scanner.count(head)
            while self.hasMore(&remaining, &scanner) {
                guard case .text(let key) = try self.item(&scanner) else { throw CaseError.keyIsNoText }
                members[key] = try self.item(&scanner)
            }
            return .map(members)
        case .simple:
            switch head.info {
            case 20, 21: return .boolean(head.info == 21)
            case 22: return .null
            case 23: return .undefined
            case 25: return .half(UInt16(head.argument))
            case 26: return .single(UInt32(head.argument))
            case 27: return .double(head.argument)
            case 31: throw CaseError.misplacedBreak
            default: return .simple(head.argument)
            }
        }
    }

    private enum CaseError: Error {
        case keyIsNoText, misplacedBreak
    }

    private static func hasMore(_ remaining: inout Int?, _ scanner: inout CBORScanner) -> Bool {
        guard let left = remaining else { return !scanner.takeBreak() }
        remaining = left - 1
        return left > 0
    }

    private var number: Double? {
        switch self {
        case .unsigned(let value): Double(value)
        case .negative(let value): -1 - Double(value)
        case .single(let bits): Double(Float(bitPattern: bits))
        case .double(let bits): Double(bitPattern: bits)
        default: nil
        }
    }

    /// An error's `__type` without its namespace, which is the service's own matter.
    var withoutNamespace: CaseCBOR {
        guard case .map(var members) = self, case .text(let type)? = members["__type"] else { return self }
        members["__type"] = .text(String(type.split(separator: "#").last ?? ""))
        return .map(members)
    }

    /// Whether both mean the same.
    func isSame(as other: CaseCBOR) -> Bool {
        if let left = self.number, let right = other.number { return left == right || (left.isNaN && right.isNaN) }
        switch (self, other) {
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case (.map(let left), .map(let right)):
            return left.count == right.count
                && left.allSatisfy { name, value in right[name].map { value.isSame(as: $0) } ?? false }
        case (.tag(let left, let leftItem), .tag(let right, let rightItem)):
            return left == right && leftItem.isSame(as: rightItem)
        default:
            return self == other
        }
    }
}
