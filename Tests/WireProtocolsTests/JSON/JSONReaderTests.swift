import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct JSONReaderTests {
    /// Reads a whole text as a document.
    static func document(_ bytes: [UInt8]) throws(ShapeError) -> Document {
        let reader = JSONReader(bytes)
        let document = try reader.readDocument(MemberSchema(name: "root", target: JSONTestSchemas.document))
        try reader.finish()
        return document
    }

    static func read(
        _ text: String, strictness: JSONReader.Strictness = .coral, _ schema: ShapeSchema = JSONTestSchemas.everything
    ) throws(ShapeError) -> DynamicValue {
        let reader = ShapeReader(JSONReader(Array(text.utf8), strictness: strictness))
        let value = try DynamicValue.readStructure(reader, schema)
        try reader.wire.finish()
        return value
    }

    @Test(arguments: [
        ("null", Document.null), (" true\n", .boolean(true)), ("\t-0", .number("-0")), ("1E+2", .number("1E+2")),
        ("0.10", .number("0.10")), (#""""#, .string("")), ("[]", .array([])),
        ("[ 1 , 2 ]", .array([.number("1"), .number("2")])),
        ("{}", .object([])), (#"{ "a" : { "b" : [ ] } }"#, .object([.init("a", .object([.init("b", .array([]))]))])),
        (#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude39""#, .string("\"\\/\u{8}\u{c}\n\r\tAé😹")),
        ("\"é😹 plain text that is longer than one word\"", .string("é😹 plain text that is longer than one word")),
        ("\"\u{7f}\"", .string("\u{7f}")),
    ])
    func `well-formed texts are read`(_ text: String, _ expected: Document) throws {
        #expect(try Self.document(Array(text.utf8)) == expected)
    }

    @Test(arguments: ["[1,2,3]", "[[],{},null]", #"{"a":1,"b":[2]}"#, #"{"a":{"a":{"a":1}}}"#])
    func `a document of one value more than the bound is refused`(_ text: String) throws {
        let member = MemberSchema(name: "root", target: JSONTestSchemas.document)
        let whole = try Self.document(Array(text.utf8))
        #expect(try JSONReader(Array(text.utf8), documentValueCountMax: 4).readDocument(member) == whole)
        #expect(throws: ShapeError.limitExceeded("a document of too many values")) {
            try JSONReader(Array(text.utf8), documentValueCountMax: 3).readDocument(member)
        }
    }

    @Test func `a value of a document takes no box of its own`() {
        #expect(MemoryLayout<Document>.stride == 24)
        #expect(MemoryLayout<Document.Member>.stride == 40)
    }

    @Test(arguments: [
        "", " ", "nul", "nullx", "True", "tru", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity",
        "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}",
        "{,}", "{a:1}", "{'a':1}", "{1:1}", "{null:1}", "\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u123g\"",
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800x\"", "\"\n\"", "\"\u{0}\"", "\"\u{1f}\"", "1 2",
        "{}{}", "[]]",
        "// c\n1", "/* c */1", "\u{feff}1", "1\u{c}", "1\u{a0}", "[1\u{b}]",
    ])
    func `malformed texts are refused`(_ text: String) {
        #expect(throws: ShapeError.self) { try Self.document(Array(text.utf8)) }
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xE2, 0x82], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98], [0xFE], [0xFF], [0xC3, 0x28], [0xE2, 0x28, 0xA1],
        ] as [[UInt8]])
    func `ill-formed UTF-8 is refused in values, keys and skipped members`(_ bytes: [UInt8]) {
        let quoted = [0x22] + bytes + [0x22] as [UInt8]
        let texts = [
            quoted, Array("{".utf8) + quoted + Array(":1}".utf8),
            Array("{\"unknown\":".utf8) + quoted + Array("}".utf8),
        ]
        for text in texts {
            #expect(throws: ShapeError.self) { try Self.document(text) }
        }
        #expect(throws: ShapeError.self) {
            let reader = JSONReader(texts[2])
            try reader.beginStructure(JSONTestSchemas.everything)
            _ = try reader.nextMember(JSONTestSchemas.everything)
        }
    }

    @Test func `well-formed UTF-8 at every boundary is read`() throws {
        for scalar in ["\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}"] {
            #expect(try Self.document(Array("\"\(scalar)\"".utf8)) == .string(scalar))
        }
    }

    @Test func `nesting is bounded, in values that are read and in values that are skipped`() throws {
        let max = JSONReader.depthMax
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        _ = try Self.document(Array(nested(max).utf8))
        #expect(throws: ShapeError.limitExceeded("nesting deeper than \(max)")) {
            try Self.document(Array(nested(max + 1).utf8))
        }
        _ = try Self.read("{\"unknown\":\(nested(max - 1))}")
        #expect(throws: ShapeError.limitExceeded("nesting deeper than \(max)")) {
            try Self.read("{\"unknown\":\(nested(max))}")
        }
    }

    @Test func `numbers keep every digit`() throws {
        let digits = "12345678901234567890123456789012345678.123456789e-5"
        #expect(try Self.read("{\"bigDecimal\":\(digits)}") == .structure(["bigDecimal": .bigNumber(digits)]))
        #expect(
            try Self.read("{\"long\":-9223372036854775808}") == .structure(["long": .integer(.min)]))
    }

    @Test func `of a name that occurs twice the later value wins`() throws {
        #expect(
            try Self.read(#"{"string":"a","integer":1,"string":"b"}"#)
                == .structure(["string": .string("b"), "integer": .integer(1)]))
        #expect(
            try Self.document(Array(#"{"a":1,"b":2,"a":3}"#.utf8))
                == .object([
                    .init("a", .number("3")), .init("b", .number("2")),
                ]))
    }

    @Test(arguments: [0, 20])
    func `names of a document that only look alike are different names`(_ others: Int) throws {
        let marks = ["a\u{323}\u{307}", "a\u{307}\u{323}"]
        let names = (0..<others).map { "m\($0)" } + marks
        let json = "{" + (names + marks).map { "\"\($0)\":1" }.joined(separator: ",") + "}"
        guard case .object(let members) = try Self.document(Array(json.utf8)) else {
            Issue.record("no object")
            return
        }
        #expect(members.map { Array($0.name.utf8) } == names.map { Array($0.utf8) })
    }

    @Test func `names are compared after their escapes`() throws {
        #expect(try Self.read(#"{"\u0073tring":"a"}"#) == .structure(["string": .string("a")]))
    }

    @Test func `names that differ only behind the eighth byte are told apart`() throws {
        let schema = JSONTestSchemas.structure(
            "Names",
            [
                "attribute1": JSONTestSchemas.string, "attribute2": JSONTestSchemas.string,
                "attribute": JSONTestSchemas.string,
            ])
        for name in ["attribute1", "attribute2", "attribute"] {
            #expect(try Self.read("{\"\(name)\":\"x\"}", schema) == .structure([name: .string("x")]))
        }
        #expect(try Self.read(#"{"attribute3":"x","attrib":"x","attribut":"x"}"#, schema) == .structure([:]))
    }

    @Test func `nulls are nothing, but in sparse maps, sparse lists and documents`() throws {
        #expect(
            try Self.read(#"{"string":null,"map":{"a":null,"b":1}}"#) == .structure(["map": .map(["b": .integer(1)])]))
        #expect(
            try Self.read(#"{"sparseMap":{"a":null},"sparseList":[null,"x"],"document":null}"#)
                == .structure([
                    "sparseMap": .map(["a": .null]), "sparseList": .list([.null, .string("x")]),
                    "document": .document(.null),
                ]))
        #expect(throws: ShapeError.typeMismatch(found: .null, expected: .string, member: "member")) {
            try Self.read(#"{"list":[null]}"#)
        }
        #expect(throws: ShapeError.typeMismatch(found: .null, expected: .integer, member: "value")) {
            try Self.read(#"{"map":{"a":null}}"#, strictness: .smithy)
        }
    }

    @Test(arguments: [
        (#"{"string":1}"#, ShapeError.typeMismatch(found: .number, expected: .string, member: "string")),
        (#"{"string":{}}"#, .typeMismatch(found: .object, expected: .string, member: "string")),
        (#"{"integer":"1"}"#, .typeMismatch(found: .string, expected: .integer, member: "integer")),
        (#"{"integer":true}"#, .typeMismatch(found: .boolean, expected: .integer, member: "integer")),
        (#"{"integer":2147483648}"#, .invalidValue("2147483648", expected: .integer, member: "integer")),
        (#"{"long":9223372036854775808}"#, .invalidValue("9223372036854775808", expected: .long, member: "long")),
        (#"{"list":"a"}"#, .typeMismatch(found: .string, expected: .list, member: "list")),
        (#"{"list":[[]]}"#, .typeMismatch(found: .array, expected: .string, member: "member")),
        (#"{"map":[]}"#, .typeMismatch(found: .array, expected: .map, member: "map")),
        (#"{"union":[]}"#, .typeMismatch(found: .array, expected: .union, member: "Union")),
        (#"{"blob":"a"}"#, .invalidValue("a", expected: .blob, member: "blob")),
        (
            #"{"timestamp":"2020-01-01T00:00:00Z"}"#,
            .typeMismatch(found: .string, expected: .timestamp, member: "timestamp")
        ),
        (#"[]"#, .typeMismatch(found: .array, expected: .structure, member: "Everything")),
        (#"{"double":"1"}"#, .typeMismatch(found: .string, expected: .double, member: "double")),
    ])
    func `values of the wrong kind are named`(_ text: String, _ expected: ShapeError) {
        #expect(throws: expected) { try Self.read(text) }
    }

    @Test func `fractions of integers are cut off for awsJson and refused for restJson1`() throws {
        #expect(try Self.read(#"{"integer":1.9}"#) == .structure(["integer": .integer(1)]))
        #expect(try Self.read(#"{"integer":-1e2}"#) == .structure(["integer": .integer(-100)]))
        #expect(throws: ShapeError.invalidValue("1.9", expected: .integer, member: "integer")) {
            try Self.read(#"{"integer":1.9}"#, strictness: .smithy)
        }
        #expect(try Self.read(#"{"integer":1.0}"#, strictness: .smithy) == .structure(["integer": .integer(1)]))
    }

    @Test func `texts can be appended to bytes that are there`() throws {
        let reader = JSONReader(Array(#"{"map":{"k\u00e9y":1}}"#.utf8))
        let schema = JSONTestSchemas.everything
        let index = try #require(
            try {
                try reader.beginStructure(schema)
                return try reader.nextMember(schema)
            }())
        let member = schema.members[index]
        var output: [UInt8] = [0x3E]
        try reader.beginMap(member)
        let hasKey = try reader.nextKey(member, appendingTo: &output)
        #expect(hasKey)
        #expect(String(decoding: output, as: UTF8.self) == ">kéy")
        #expect(try reader.readInteger(member.target.value) == 1)
        let hasMore = try reader.nextKey(member, appendingTo: &output)
        #expect(!hasMore)
        #expect(try reader.nextMember(schema) == nil)
        try reader.finish()
    }
}
