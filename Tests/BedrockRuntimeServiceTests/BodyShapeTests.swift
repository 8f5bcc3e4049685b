import BedrockRuntimeService
import ServiceModel
import Testing

/// What a body must be, in the sentences of each API.
struct BodyShapeTests {
    private static let shape = BodyShape.object([
        "text": .text, "count": .integer, "share": .number, "flag": .flag, "word": .word(["a", "b", "c"]),
        "stop": .textOrList(.text), "choice": .wordOrObject(["x", "y"], ["name": .text]),
        "tools": .list(.object(["name": .text, "schema": .object([:])], required: ["name"])),
        "blocks": .list(.union(["type": .text, "text": .text], required: ["text"], kind: "usual")),
    ])

    private func fault(_ body: Document, _ form: BodyShape.Form) -> String? {
        do {
            try Self.shape.check(body, form)
            return nil
        } catch {
            #expect(error.code == "ValidationException" && error.status == 400)
            return error.message
        }
    }

    private func body(_ name: String, _ value: Document) -> Document { .object([.init(name, value)]) }

    @Test(
        arguments: [
            ("text", .string("x")), ("count", .number(5)), ("share", .number(5)),
            ("share", .number("0.5")),
            ("flag", .boolean(true)), ("word", .string("b")), ("stop", .string("x")), ("stop", .array([.string("x")])),
            ("choice", .string("x")), ("choice", .object(["name": .string("n")])), ("tools", .array([])),
            ("tools", .array([.object(["name": .string("n"), "more": .number(5)])])), ("unknown", .number(5)),
        ] as [(String, Document)])
    func `what is right, or not named, passes`(name: String, value: Document) {
        for form in [BodyShape.Form.openAI, .anthropic, .amazon] {
            #expect(self.fault(self.body(name, value), form) == nil)
        }
    }

    @Test(
        arguments: [
            ("text", .number(5), "Invalid type for 'text': expected a string, but got an integer instead."),
            ("count", .string("5"), "Invalid type for 'count': expected an integer, but got a string instead."),
            (
                "count", .number("5.5"),
                "Invalid type for 'count': expected an integer, but got a decimal number instead."
            ),
            ("share", .string("x"), "Invalid type for 'share': expected a decimal, but got a string instead."),
            ("flag", .number(1), "Invalid type for 'flag': expected a boolean, but got an integer instead."),
            ("word", .string("z"), "Invalid value: 'z'. Supported values are: 'a', 'b', and 'c'."),
            (
                "stop", .object([]),
                "Invalid type for 'stop': expected one of a string or array of strings, but got an object instead."
            ),
            (
                "stop", .array([.null, .number(1)]),
                "Invalid type for 'stop[1]': expected a string, but got an integer instead."
            ),
            ("choice", .string("z"), "Invalid value: 'z'. Supported values are: 'x' and 'y'."),
            (
                "choice", .array([]),
                "Invalid type for 'choice': expected one of a string or object, but got an array instead."
            ),
            (
                "tools", .number(5),
                "Invalid type for 'tools': expected an array of objects, but got an integer instead."
            ),
            ("tools", .array([.object([])]), "Missing required parameter: 'tools[0].name'."),
            (
                "tools", .array([.object(["name": .boolean(true)])]),
                "Invalid type for 'tools[0].name': expected a string, but got a boolean instead."
            ),
        ] as [(String, Document, String)])
    func `OpenAI's sentences name the member and both types`(name: String, value: Document, sentence: String) {
        #expect(self.fault(self.body(name, value), .openAI) == sentence)
    }

    @Test(
        arguments: [
            ("text", .number(5), "text: Input should be a valid string"),
            ("count", .string("5"), "count: Input should be a valid integer"),
            ("share", .array([]), "share: Input should be a valid number"),
            ("flag", .string("yes"), "flag: Input should be a valid boolean"),
            ("word", .string("z"), "word: Input should be 'a', 'b' or 'c'"),
            ("stop", .number(5), "stop: Input should be a valid list"),
            ("choice", .number(5), "choice: Input should be a valid dictionary"),
            ("tools", .array([.number(5)]), "tools.0: Input should be a valid dictionary"),
            ("tools", .array([.object([])]), "tools.0.name: Field required"),
            ("blocks", .array([.object([])]), "blocks.0.usual.text: Field required"),
            (
                "blocks", .array([.object(["type": .string("note"), "text": .number(5)])]),
                "blocks.0.note.text: Input should be a valid string"
            ),
            (
                "blocks", .array([.object(["type": .number(5), "text": .string("x")])]),
                "blocks.0.usual.type: Input should be a valid string"
            ),
        ] as [(String, Document, String)])
    func `Anthropic's sentences name the member and what it should be`(name: String, value: Document, sentence: String)
    {
        #expect(self.fault(self.body(name, value), .anthropic) == sentence)
    }

    @Test(
        arguments: [
            ("count", .string("5"), "#/count: expected type: Integer, found: String"),
            ("share", .boolean(true), "#/share: expected type: Number, found: Boolean"),
            ("stop", .number(5), "#/stop: expected type: JSONArray, found: Integer"),
            ("tools", .array([.array([])]), "#/tools/0: expected type: JSONObject, found: JSONArray"),
            ("tools", .array([.object([])]), "#/tools/0: required key [name] not found"),
            ("blocks", .array([.object([])]), "#/blocks/0: required key [text] not found"),
            ("word", .string("z"), "#/word: z is not a valid enum value"),
        ] as [(String, Document, String)])
    func `Bedrock's own sentences name the place and both types`(name: String, value: Document, sentence: String) {
        let whole = "Malformed input request: \(sentence), please reformat your input and try again."
        #expect(self.fault(self.body(name, value), .amazon) == whole)
    }

    @Test func `a member that is null is not there, but to Bedrock's own check`() {
        for name in ["text", "count", "tools"] {
            #expect(self.fault(self.body(name, .null), .openAI) == nil)
            #expect(self.fault(self.body(name, .null), .anthropic) == nil)
        }
        #expect(
            self.fault(self.body("share", .null), .amazon)?.contains("#/share: expected type: Number, found: Null")
                == true)
    }

    @Test(
        arguments: [
            (["text": .string("x"), "count": .number(1), "amazon-bedrock-guardrailConfig": .object([])], nil),
            ([:], "#: required key [text] not found"),
            (
                ["count": .number(1), "more": .number(1), "most": .number(2)],
                "#: required key [text] not found#: extraneous key [most] is not permitted#: extraneous key [more] is "
                    + "not permitted"
            ),
            (["text": .null], "#/text: expected type: String, found: Null"),
            (["text": .string("x"), "count": .number(0)], "#/count: 0 is not greater or equal to 1"),
            (["text": .string("x"), "count": .number("1.5")], "#/count: expected type: Integer, found: Double"),
            (["text": .string("x"), "share": .number("1.01")], "#/share: 1.01 is not less or equal to 1"),
            (
                ["count": .number(0), "share": .number(2), "more": .number(1)],
                "#: required key [text] not found#: extraneous key [more] is not permitted#/count: 0 is not greater "
                    + "or equal to 1#/share: 2 is not less or equal to 1"
            ),
            (["text": .string("x"), "share": .number(1)], nil),
        ] as [(KeyValuePairs<String, Document?>, String?)])
    func `what is closed names what is missing, too much and out of bounds`(
        members: KeyValuePairs<String, Document?>, finding: String?
    ) {
        let shape = BodyShape.closed(
            [
                "text": .text, "count": .bounded(.integer, least: 1),
                "share": .bounded(.number, least: 0, most: 1),
            ], required: ["text"])
        let whole = finding.map { "Malformed input request: \($0), please reformat your input and try again." }
        do {
            try shape.check(.object(members), .amazon)
            #expect(whole == nil)
        } catch {
            #expect(error.message == whole)
        }
    }

    @Test func `of many members that are too much the first hundred are named`() {
        let body = Document.object((0..<1000).map { .init("m\($0)", .null) })
        do {
            try BodyShape.closed([:]).check(body, .amazon)
            Issue.record("it passed")
        } catch {
            #expect(error.message.split(separator: "#: extraneous key [m").count == 101)
        }
    }

    @Test func `of several findings the first alone may be named`() {
        let body = Document.object([.init("count", .string("x")), .init("more", .null), .init("most", .null)])
        do {
            try BodyShape.closed(["count": .integer]).check(body, .amazon, isFirstOnly: true)
            Issue.record("it passed")
        } catch {
            #expect(
                error.message == "Malformed input request: #: extraneous key [most] is not permitted, please reformat "
                    + "your input and try again.")
        }
    }

    @Test func `a body that is no object is refused`() {
        #expect(self.fault(.array([]), .amazon)?.contains("#: expected type: JSONObject, found: JSONArray") == true)
    }
}
