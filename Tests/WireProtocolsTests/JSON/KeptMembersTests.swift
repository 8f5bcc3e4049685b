import ServiceModel
import Testing
import WireProtocols

/// Texts of JSON of which only some members are kept.
@Suite struct KeptMembersTests {
    @Test(arguments: [
        (#"{"a":1,"b":{"c":[2]},"d":3}"#, Document.object([.init("a", .number("1")), .init("d", .number("3"))])),
        (#"{"b":1,"\u0061":{"b":2},"a":{"b":3}}"#, .object([.init("a", .object([.init("b", .number("3"))]))])),
        (#"{"b":1}"#, .object([])), ("{}", .object([])), (#"[{"b":1}]"#, .array([.object([.init("b", .number("1"))])])),
        ("null", .null),
    ])
    func `members of the object itself are kept by their names`(_ text: String, _ expected: Document) {
        #expect(Document(json: Array(text.utf8), keeping: ["a", "d"]) == expected)
    }

    @Test(arguments: [
        #"{"b":}"#, #"{"b":01,"a":1}"#, #"{"b":[1,],"a":1}"#, #"{"b":{"c"},"a":1}"#, #"{"b":"\x","a":1}"#,
        #"{"b":1"#, #"{"b":1,}"#, #"{"b":1} 2"#, #"{1:1}"#, "",
    ])
    func `what is passed over must be JSON too`(_ text: String) {
        #expect(Document(json: Array(text.utf8), keeping: ["a"]) == nil)
    }

    @Test func `names that look alike are two members`() {
        let (one, two) = ("\u{e9}", "e\u{301}")
        let document = Document(json: Array("{\"\(one)\":1,\"\(two)\":2}".utf8))
        #expect(document?.members.count == 2)
        #expect(document?[one] == .number("1") && document?[two] == .number("2"))
        let kept = Document(json: Array("{\"\(one)\":1,\"\(two)\":2}".utf8), keeping: [two])
        #expect(kept?.members.map(\.value) == [.number("2")])
    }
}
