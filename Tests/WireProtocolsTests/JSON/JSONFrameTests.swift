import ServiceModel
import Testing
import WireProtocols

@Suite struct JSONFrameTests {
    private static let texts = ["", "a", "plain text", "é😹", "\"quoted\\\"", "line\nend\u{0}", "a", "\u{2028}"]

    private static func chunk(_ text: Document) -> Document {
        .object([
            "id": .string("a"), "choices": .array([.object(["delta": .object(["content": text]), "end": .null])]),
            "usage": .number(3),
        ])
    }

    @Test(arguments: texts) func `what is written is the document with that string`(_ text: String) {
        #expect(JSONFrame(Self.chunk).json(text) == Self.chunk(.string(text)).json)
        // The string alone, and first.
        #expect(JSONFrame { $0 }.json(text) == Document.string(text).json)
        #expect(JSONFrame { .array([$0, .null]) }.json(text) == Document.array([.string(text), .null]).json)
    }

    @Test(arguments: texts) func `a text that differs in its string alone is read as a whole one is`(_ text: String)
        throws
    {
        let first = Self.chunk(.string("first")).json
        let frame = try #require(JSONFrame(of: first[...], member: "content"))
        #expect(frame == JSONFrame(Self.chunk))
        let json = Self.chunk(.string(text)).json
        // What has escapes is for the reader of whole texts.
        #expect(
            frame.string(in: json[...]) == (text.utf8.contains { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C } ? nil : text))
        // Wherever its bytes lie.
        #expect(frame.string(in: ([0x7B] + first + first)[1...].prefix(first.count)) == "first")
    }

    @Test func `any other text is none of the frame's`() throws {
        let first = Self.chunk(.string("first")).json
        let frame = try #require(JSONFrame(of: first[...], member: "content"))
        for index in first.indices {
            #expect(frame.string(in: first[..<index]) == nil)
            var changed = first
            changed[index] ^= 0x80
            #expect(frame.string(in: changed[...]) == nil)
        }
        #expect(frame.string(in: (first + [0x20])[...]) == nil)
        let twice = String(decoding: first, as: UTF8.self).replacing("first", with: #"a","content":"b"#)
        #expect(frame.string(in: Array(twice.utf8)[...]) == nil)
    }

    @Test(
        arguments: [
            #"{"content":"a","more":{"content":"b"}}"#, #"{"text":"\"content\":\"a\""}"#, #"{"content":null}"#,
            #"{"content":7,"a":"content"}"#, #"{"content":"a\nb"}"#, "{}", #"{"discontent":"a"}"#,
        ])
    func `a member that is not there once with a plain string has no frame`(_ json: String) {
        #expect(JSONFrame(of: Array(json.utf8)[...], member: "content") == nil)
    }

    @Test func `a blank behind the colon is part of the frame`() throws {
        let json = Array(#"{"content": "a", "text": "\"content\": \"b\""}"#.utf8)
        let frame = try #require(JSONFrame(of: json[...], member: "content"))
        #expect(frame.string(in: json[...]) == "a")
        #expect(frame.json("b") == Array(#"{"content": "b", "text": "\"content\": \"b\""}"#.utf8))
    }

    @Test(arguments: [3, 16, 17, 40]) func `of a name that occurs twice the later value wins`(_ count: Int) {
        let members = (0..<count).map { #""m\#($0)":\#($0)"# }
        for index in 0..<count {
            let json = "{" + (members + [#""m\#(index)":"later""#]).joined(separator: ",") + "}"
            let document = Document(json: json)
            #expect(document?.members.map(\.name) == (0..<count).map { "m\($0)" })
            #expect(document?["m\(index)"] == .string("later"))
        }
    }
}
