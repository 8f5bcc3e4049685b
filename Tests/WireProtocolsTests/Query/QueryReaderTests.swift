import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct QueryReaderTests {
    private static func read(
        _ form: String, query: String = "", style: QueryStyle = .aws, schema: ShapeSchema = EverythingSchema.xml
    ) throws(ShapeError) -> DynamicValue {
        let reader = ShapeReader(try QueryReader(query: query, form: Array(form.utf8), style: style))
        let value = try DynamicValue.readStructure(reader, schema)
        try reader.wire.finish()
        return value
    }

    @Test(arguments: [
        ("text=a", "a"), ("text=", ""), ("text", ""), ("text=a+b%20c%2B", "a b c+"), ("text=a=b", "a=b"),
        ("text=%C3%A9", "é"), ("Action=X&Version=1&text=a", "a"), ("text=a&text=b", "b"), ("&&text=a&", "a"),
        ("%74ext=a", "a"), ("textual=b&text=a&text2=c", "a"),
    ])
    func `text is read`(_ form: String, _ text: String) throws {
        #expect(try Self.read(form) == .structure(["text": .string(text)]))
    }

    @Test func `fields may stand in the query, and the body's win`() throws {
        #expect(
            try Self.read("text=b", query: "text=a&number=1")
                == .structure(["text": .string("b"), "number": .integer(1)]))
    }

    @Test func `elements are ordered by number, and gaps do not matter`() throws {
        #expect(
            try Self.read("texts.member.10=c&texts.member.2=b&texts.member.1=a&texts.member.x=?&texts.other.1=?")
                == .structure(["texts": .list([.string("a"), .string("b"), .string("c")])]))
        #expect(
            try Self.read("flatTexts.3=b&flatTexts.1=a&flatTextsX.1=c")
                == .structure(["flatTexts": .list([.string("a"), .string("b")])]))
    }

    @Test func `an empty field is an empty list`() throws {
        #expect(try Self.read("texts=&flatTexts=") == .structure(["texts": .list([]), "flatTexts": .list([])]))
    }

    @Test func `maps are entries of key and value`() throws {
        #expect(
            try Self.read("textByName.entry.1.key=a&textByName.entry.1.value=b&flatByName.2.value=1&flatByName.2.key=k")
                == .structure(["textByName": .map(["a": .string("b")]), "flatByName": .map(["k": .integer(1)])]))
        #expect(throws: ShapeError.self) { try Self.read("textByName.entry.1.key=a") }
        #expect(throws: ShapeError.self) { try Self.read("textByName.entry.1.value=a") }
    }

    @Test func `structures nest`() throws {
        let form = "nested.nested.text=a&everythings.member.1.choice.number=3&nested.texts.member.1=b&nested="
        #expect(
            try Self.read(form)
                == .structure([
                    "nested": .structure([
                        "nested": .structure(["text": .string("a")]), "texts": .list([.string("b")]),
                    ]),
                    "everythings": .list([.structure(["choice": .structure(["number": .integer(3)])])]),
                ]))
    }

    @Test func `ec2Query capitalises names and has flat lists alone`() throws {
        #expect(
            try Self.read("Text=a&Texts.1=b&Texts.2=c&Row.1.Number=1&text=?", style: .ec2)
                == .structure([
                    "text": .string("a"), "texts": .list([.string("b"), .string("c")]),
                    "flatEverythings": .list([.structure(["number": .integer(1)])]),
                ]))
    }

    @Test(arguments: [
        "text=%", "text=%4", "text=%zz", "text=%ff", "text=%C3", "%ff=a", "number=x", "number=1.0", "tiny=300",
        "flag=1",
        "double=,", "time=now", "blob=a", "text.1=a", "nested=a", "texts=a", "number=",
    ])
    func `what cannot be read is refused`(_ form: String) {
        #expect(throws: ShapeError.self) { try Self.read(form) }
    }

    @Test func `fields and nesting are bounded`() throws {
        let path = (0..<140).map { _ in "nested" }.joined(separator: ".")
        #expect(throws: ShapeError.limitExceeded("nesting of more than 128")) { try Self.read(path + ".text=a") }
        #expect(throws: ShapeError.limitExceeded("more than 200000 fields")) {
            try Self.read(String(repeating: "a&", count: 200_001))
        }
    }

    @Test func `many fields of one list take no more than their number`() throws {
        let form = (1...20_000).reversed().map { "texts.member.\($0)=\($0)" }.joined(separator: "&")
        let value = try Self.read(form)
        #expect(value == .structure(["texts": .list((1...20_000).map { .string("\($0)") })]))
    }
}
