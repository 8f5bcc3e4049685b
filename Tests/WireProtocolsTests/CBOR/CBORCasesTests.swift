import Primitives
import ServiceModel
import Testing
import WireProtocols

/// botocore's CBOR cases, which the AWS SDKs share.
@Suite struct CBORCasesTests {
    struct Case: Sendable, CustomStringConvertible {
        let description: String
        let input: [UInt8]
        let expected: CaseJSON
    }

    private static func load(_ name: String) -> [Case] {
        (CaseFile.all(name).first?.content["cases"]?.array ?? []).map {
            Case(
                description: $0["description"]?.string ?? "", input: Hex.decode($0["input"]?.string ?? "") ?? [],
                expected: $0["expect"] ?? .null)
        }
    }

    static let valid = Self.load("cbor-decode-success")
    static let invalid = Self.load("cbor-decode-error")

    @Test(.enabled(if: CaseFile.folder != nil, "the cases are not in this checkout"))
    func `no case is forgotten`() {
        #expect([Self.valid.count, Self.invalid.count] == [151, 56])
    }

    @Test(arguments: Self.valid)
    func `a valid item is decoded`(_ item: Case) throws {
        let decoded = try #require(CaseCBOR.parse(item.input))
        #expect(Self.matches(decoded, item.expected), "\(decoded)")
        var scanner = CBORScanner(item.input)
        try scanner.skipItem()
        #expect(scanner.isAtEnd)
    }

    @Test(arguments: Self.invalid)
    func `an invalid item is refused`(_ item: Case) {
        #expect(CaseCBOR.parse(item.input) == nil)
        #expect(throws: ShapeError.self) {
            var scanner = CBORScanner(item.input)
            try scanner.skipItem()
        }
    }

    private static func matches(_ item: CaseCBOR, _ expected: CaseJSON) -> Bool {
        guard let (kind, value) = expected.object.first else { return false }
        switch (kind, item) {
        case ("uint", .unsigned(let number)): return Self.isSame(number, value)
        // Written as -1 - n: the case prints the value.
        case ("negint", .negative(let number)): return value.number == -1 - Double(number)
        case ("float32", .single(let bits)): return value.number == Double(bits)
        case ("float64", .double(let bits)): return Self.isSame(bits, value)
        case ("bool", .boolean(let flag)): return value == .bool(flag)
        case ("null", .null), ("undefined", .undefined): return true
        case ("string", .text(let text)): return value.string == text
        case ("bytestring", .bytes(let bytes)): return value.array.compactMap(\.int) == bytes.map(Int.init)
        case ("list", .array(let items)):
            return items.count == value.array.count && zip(items, value.array).allSatisfy { self.matches($0, $1) }
        case ("map", .map(let members)):
            return members.count == value.object.count
                && members.allSatisfy { name, item in value.object[name].map { self.matches(item, $0) } ?? false }
        case ("tag", .tag(let number, let item)):
            guard let id = value["id"], let inner = value["value"] else { return false }
            return Self.isSame(number, id) && self.matches(item, inner)
        default: return false
        }
    }

    /// Numbers over `Int64` were read as doubles.
    private static func isSame(_ number: UInt64, _ value: CaseJSON) -> Bool {
        if case .integer(let integer) = value { return UInt64(exactly: integer) == number }
        return value.number == Double(number)
    }
}
