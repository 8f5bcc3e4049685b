import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct CBORReaderTests {
    private static func member(_ type: ShapeType) -> MemberSchema {
        MemberSchema(name: "value", target: ShapeSchema(name: "Value", type: type))
    }

    private static func bytes(_ hex: String) -> [UInt8] { Hex.decode(hex) ?? [] }

    @Test(arguments: [
        ("00", "0"), ("20", "-1"), ("1bffffffffffffffff", "18446744073709551615"),
        ("3bffffffffffffffff", "-18446744073709551616"), ("c249010000000000000000", "18446744073709551616"),
        ("c349010000000000000000", "-18446744073709551617"), ("c240", "0"), ("c340", "-1"),
        ("c48221196ab3", "273.15"), ("c482200a", "1.0"), ("c482001864", "100"), ("c49f2001ff", "0.1"),
        ("c25f4101ff", "1"), ("f93e00", "1.5"), ("c482020a", "1000"), ("c48239012b20", "-1E-300"),
        ("c48219012c01", "1E300"),
        ("c4822200", "0.000"), ("fb8000000000000000", "0.0"), ("fb7fefffffffffffff", "17976931348623157E292"),
    ])
    func `big numbers become decimal texts`(_ hex: String, _ text: String) throws {
        #expect(try CBORReader(Self.bytes(hex)).readBigNumber(Self.member(.bigDecimal)) == text)
    }

    @Test(
        arguments: [
            ("f90001", 5.960464477539063e-8), ("f903ff", 6.097555160522461e-5), ("f90400", 6.103515625e-5),
            ("f93c00", 1), ("f9c400", -4), ("f97bff", 65504), ("f97c00", .infinity), ("f9fc00", -.infinity),
            ("fa47c35000", 100_000), ("fb3ff199999999999a", 1.1), ("1864", 100), ("3863", -100),
        ] as [(String, Double)])
    func `numbers of every width are doubles`(_ hex: String, _ value: Double) throws {
        #expect(try CBORReader(Self.bytes(hex)).readDouble(Self.member(.double)) == value)
    }

    @Test func `an exponent has at most nine digits`() throws {
        let member = Self.member(.bigDecimal)
        #expect(try CBORReader(Self.bytes("c4821a3b9ac9ff01")).readBigNumber(member) == "1E999999999")
        #expect(throws: ShapeError.limitExceeded("an exponent of more than nine digits")) {
            try CBORReader(Self.bytes("c4821a3b9aca0001")).readBigNumber(member)
        }
    }

    @Test func `NaN of every width is NaN`() throws {
        for hex in ["f97e00", "f97c01", "fa7fc00000", "fb7ff8000000000000"] {
            #expect(try CBORReader(Self.bytes(hex)).readDouble(Self.member(.double)).isNaN)
        }
    }

    @Test(arguments: [
        ("187f", ShapeType.byte, true), ("1880", .byte, false), ("387f", .byte, true), ("3880", .byte, false),
        ("197fff", .short, true), ("198000", .short, false), ("1a7fffffff", .integer, true),
        ("1a80000000", .integer, false), ("1b7fffffffffffffff", .long, true), ("1b8000000000000000", .long, false),
        ("3b7fffffffffffffff", .long, true), ("3b8000000000000000", .long, false),
    ])
    func `integers fit their type or are refused`(_ hex: String, _ type: ShapeType, _ fits: Bool) {
        let value = try? CBORReader(Self.bytes(hex)).readInteger(Self.member(type))
        #expect((value != nil) == fits)
    }

    @Test(
        arguments: [
            ("c11a514b67b0", 1_363_896_240_000), ("c1fb41d452d9ec200000", 1_363_896_240_500), ("c120", -1000),
            ("c1f90000", 0),
        ] as [(String, Int64)])
    func `timestamps bear tag 1`(_ hex: String, _ milliseconds: Int64) throws {
        let time = try CBORReader(Self.bytes(hex)).readTimestamp(Self.member(.timestamp))
        #expect(time.millisecondsSinceEpoch == milliseconds)
    }

    @Test(arguments: ["1a514b67b0", "c1f97e00", "c11b7fffffffffffffff", "c1fb7ff0000000000000", "c161 31", "c074"])
    func `other timestamps are refused`(_ hex: String) {
        #expect(throws: ShapeError.self) {
            try CBORReader(Self.bytes(hex.filter { $0 != " " })).readTimestamp(Self.member(.timestamp))
        }
    }

    @Test func `the wrong kind is named`() {
        #expect(throws: ShapeError.typeMismatch(found: .string, expected: .integer, member: "value")) {
            try CBORReader(Self.bytes("6131")).readInteger(Self.member(.integer))
        }
        #expect(throws: ShapeError.typeMismatch(found: .number, expected: .string, member: "value")) {
            try CBORReader(Self.bytes("01")).readString(Self.member(.string))
        }
        #expect(throws: ShapeError.typeMismatch(found: .array, expected: .structure, member: "Everything")) {
            try CBORReader(Self.bytes("80")).beginStructure(EverythingSchema.cbor)
        }
    }

    private static func nested(_ depth: Int) -> [UInt8] {
        // {"nested": {"nested": … {}}}
        let link: [UInt8] = [0xA1, 0x66] + Array("nested".utf8)
        return Array(repeatElement(link, count: depth - 1).joined()) + [0xA0]
    }

    private static func read(_ bytes: [UInt8]) throws(ShapeError) -> DynamicValue {
        let reader = ShapeReader(CBORReader(bytes))
        let value = try DynamicValue.readStructure(reader, EverythingSchema.cbor)
        try reader.wire.finish()
        return value
    }

    @Test func `nesting is bounded`() throws {
        _ = try Self.read(Self.nested(CBORScanner.depthMax))
        #expect(throws: ShapeError.limitExceeded("nesting of more than 128")) {
            try Self.read(Self.nested(CBORScanner.depthMax + 1))
        }
        // The same in what is skipped, where only tags count.
        let tags = [UInt8](repeating: 0xC0, count: 100_000)
        #expect(throws: ShapeError.limitExceeded("nesting of more than 128")) {
            try Self.read([0xA1, 0x61, 0x3F] + tags)
        }
        #expect(throws: ShapeError.limitExceeded("nesting of more than 128")) {
            try Self.read([0xA1, 0x68] + Array("document".utf8) + [UInt8](repeating: 0x81, count: 100_000))
        }
    }

    @Test(arguments: [
        "a1647465787 47bffffffffffffffff", "a16474657874 7a7fffffff", "a1657465787473 9b7fffffffffffffff",
        "bb00ffffffffffffff", "a164626c6f62 5b7fffffffffffffff",
    ])
    func `an announced length beyond the document is refused`(_ hex: String) {
        #expect(throws: ShapeError.self) { try Self.read(Self.bytes(hex.filter { $0 != " " })) }
    }

    @Test(arguments: [
        "a10000", "a1617800ff", "a0a0", "a16474657874 62c328", "a16474657874 63eda080", "a16474657874 7f6141 4141ff",
        "ff", "", "a1", "f8", "f800", "f818", "1c", "bf6474657874ff",
    ])
    func `broken documents are refused`(_ hex: String) {
        #expect(throws: ShapeError.self) { try Self.read(Self.bytes(hex.filter { $0 != " " })) }
    }

    @Test func `nulls are skipped, unknown members too, and the later of two wins`() throws {
        // {"text": null, "?": [1, {"x": h'00'}], "number": 1, "flag": undefined, "number": 2}
        let hex = "a56474657874f6613f8201a161784100666e756d62657201" + "64666c6167f7666e756d62657202"
        #expect(try Self.read(Self.bytes(hex)) == .structure(["number": .integer(2)]))
    }

    @Test func `a null in a dense list is refused, in a sparse one kept`() throws {
        #expect(throws: ShapeError.typeMismatch(found: .null, expected: .string, member: "member")) {
            try Self.read(Self.bytes("a1657465787473" + "82f6f6"))
        }
        let sparse = [0xA1, 0x6B] + Array("sparseTexts".utf8) + [0x82, 0xF6, 0x60]
        #expect(try Self.read(sparse) == .structure(["sparseTexts": .list([.null, .string("")])]))
    }
}
