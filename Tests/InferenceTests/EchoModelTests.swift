import Inference
import ServiceModel
import Synchronization
import Testing
import WireProtocols

/// What a model said, and how it ended.
private func answer(_ request: ChatRequest) async throws -> (text: String, calls: [ToolCall], outcome: ChatOutcome) {
    let events = Mutex<[ChatEvent]>([])
    let outcome = try await EchoModel().chat(request) { event in events.withLock { $0.append(event) } }
    var text = ""
    var calls: [ToolCall] = []
    for event in events.withLock({ $0 }) {
        switch event {
        case .text(let piece): text += piece
        case .toolCall(let call): calls.append(call)
        case .reasoning: break
        }
    }
    return (text, calls, outcome)
}

private func asked(_ text: String, _ change: (inout ChatRequest) -> Void = { _ in }) -> ChatRequest {
    var request = ChatRequest(messages: [.init(role: .user, parts: [.text(text)])])
    change(&request)
    return request
}

private func tool(_ name: String, _ schema: Document = .object([])) -> ChatRequest.Tool {
    ChatRequest.Tool(name: name, description: "", schema: schema)
}

struct EchoModelTests {
    @Test func `it repeats what it is told, with its mark`() async throws {
        let said = try await answer(asked("Good day, Ana!\nHow are you?"))
        #expect(said.text == "[brume.echo] Good day, Ana!\nHow are you?")
        #expect(said.outcome.stopReason == .endOfTurn)
        // The mark of the speaker, three words and two marks, three words and one mark.
        #expect(said.outcome.inputTokens == 1 + 5 + 4)
        // "[", "brume", ".", "echo", "]" and what was said.
        #expect(said.outcome.outputTokens == 5 + 9)
    }

    @Test func `what it counts beforehand is what it charges`() async throws {
        let request = asked("one two") {
            $0.system = ["be brief"]
            $0.tools = [tool("look")]
            $0.toolChoice = .never
        }
        #expect(try await EchoModel().countTokens(request) == answer(request).outcome.inputTokens)
    }

    @Test func `it stops at the bound and at the first of the stop sequences`() async throws {
        let cut = try await answer(asked("one two three") { $0.sampling.tokensMax = 6 })
        #expect(cut.text == "[brume.echo] one")
        #expect(cut.outcome.stopReason == .tokensMax)
        #expect(cut.outcome.outputTokens == 6)
        let stopped = try await answer(asked("one two three") { $0.sampling.stopSequences = ["three", " two", ""] })
        #expect(stopped.text == "[brume.echo] one")
        #expect(stopped.outcome.stopReason == .stopSequence(" two"))
    }

    @Test(
        arguments: [
            (.auto, "please call look", "look"), (.auto, "nothing of the sort", nil), (.any, "anything", "first"),
            (.any, "then look", "look"), (.named("look"), "anything", "look"), (.never, "look", nil),
        ] as [(ChatRequest.ToolChoice, String, String?)])
    func `it calls a tool when it must or is told to`(
        _ choice: ChatRequest.ToolChoice, _ text: String, _ name: String?
    ) async throws {
        let said = try await answer(
            asked(text) {
                $0.tools = [tool("first"), tool("look")]
                $0.toolChoice = choice
            })
        #expect(said.calls.first?.name == name)
        #expect((said.outcome.stopReason == .toolCall) == (name != nil))
    }

    @Test func `it tells what a tool returned, and numbers its calls`() async throws {
        let call = ToolCall(id: "echo_1", name: "look", arguments: .object([]))
        var request = asked("look") { $0.tools = [tool("look")] }
        #expect(try await answer(request).calls.map(\.id) == ["echo_1"])
        request.messages.append(.init(role: .assistant, parts: [.toolCall(call)]))
        request.messages.append(.init(role: .user, parts: [.toolResult(callID: call.id, text: "blue")]))
        #expect(try await answer(request).text == "[brume.echo] The tool returned: blue")
        request.messages.append(.init(role: .assistant, parts: [.text("x")]))
        request.messages.append(.init(role: .user, parts: [.text("look again")]))
        #expect(try await answer(request).calls.map(\.id) == ["echo_2"])
    }

    @Test func `a conversation beyond its context is refused with both sizes`() async {
        let text = String(repeating: " a", count: EchoModel.contextTokensMax)
        await #expect(
            throws: InferenceError.contextExceeded(
                tokens: EchoModel.contextTokensMax + 1, tokensMax: EchoModel.contextTokensMax)
        ) {
            _ = try await answer(asked(text))
        }
    }
}

/// The arguments that are made from a schema.
struct SchemaExampleTests {
    private func arguments(_ schema: Document) async throws -> Document? {
        let request = asked("x") {
            $0.tools = [tool("look", schema)]
            $0.toolChoice = .any
        }
        return try await answer(request).calls.first?.arguments
    }

    private func schema(_ members: KeyValuePairs<String, Document?>) -> Document { .object(members) }

    @Test func `each type has a plain value`() async throws {
        let types = ["string": "text", "integer": "integer", "boolean": "boolean", "null": "null"]
        let properties = types.sorted { $0.key < $1.key }.map { entry in
            Document.Member(entry.key, .object(["type": .string(entry.key)]))
        }
        let example = try await self.arguments(
            self.schema(["type": .string("object"), "properties": .object(properties)]))
        #expect(
            example
                == .object([
                    .init("boolean", .boolean(true)), .init("integer", .number("1")), .init("null", .null),
                    .init("string", .string("echo")),
                ]))
    }

    @Test func `a constant, a default, a choice, a minimum and a reference are kept to`() async throws {
        let reference = self.schema(["$ref": .string("#/$defs/color")])
        let properties: Document = self.schema([
            "a": self.schema(["const": .number(7)]), "b": self.schema(["default": .string("d")]),
            "c": self.schema(["enum": .array([.string("x"), .string("y")])]),
            "d": self.schema(["type": .string("number"), "minimum": .number(5)]), "e": reference,
        ])
        let color = self.schema(["enum": .array([.string("red")])])
        let example = try await self.arguments(
            self.schema(["properties": properties, "$defs": self.schema(["color": color])]))
        #expect(
            example
                == self.schema([
                    "a": .number(7), "b": .string("d"), "c": .string("x"), "d": .number(5), "e": .string("red"),
                ]))
    }

    @Test func `a schema that holds itself, or asks for very much, comes to an end`() async throws {
        let endless = self.schema(["properties": self.schema(["a": self.schema(["$ref": .string("#")])])])
        #expect(try await self.arguments(endless) != nil)
        let tree = ##"{"type":"object","properties":{"c":{"type":"array","items":{"$ref":"#"}}},"required":["c"]}"##
        let example = try await self.arguments(try #require(Document(json: tree)))?.jsonText
        #expect(example?.hasPrefix(#"{"c":[{"c":["#) == true && example?.contains("null") == false)
        let items = self.schema(["type": .string("string"), "minLength": .number(1_000_000)])
        let huge = self.schema(["type": .string("array"), "items": items, "minItems": .number(1_000_000_000)])
        let within = self.schema(["properties": self.schema(["a": huge])])
        #expect(1..<10_001 ~= (try await self.arguments(within)?["a"]?.elements.count ?? 0))
    }

    /// A small schema once made an answer of 100 MB.
    @Test func `an example is never larger than its bound`() async throws {
        let many = Document.number(1_000_000_000)
        let string = self.schema(["type": .string("string"), "minLength": many])
        let inner = self.schema(["type": .string("array"), "items": string, "minItems": many])
        let outer = self.schema(["type": .string("array"), "items": inner, "minItems": many])
        let large = self.schema(["default": .string(String(repeating: "x", count: 5000))])
        let given = self.schema(["type": .string("array"), "items": large, "minItems": many])
        for schema in [outer, given] {
            let within = self.schema(["properties": self.schema(["a": schema])])
            let example = try #require(try await self.arguments(within)?["a"])
            #expect(String(describing: example).utf8.count < 1 << 20)
        }
    }

    /// Values beyond the depth limit once cost nothing, so that such a list had no end.
    @Test func `a list at the depth limit has an end`() async throws {
        let item = self.schema(["type": .string("string")])
        var deep = self.schema(["type": .string("array"), "items": item, "minItems": .number(200_000)])
        for _ in 1..<32 {
            deep = self.schema(["properties": self.schema(["a": deep]), "required": .array([.string("a")])])
        }
        let utf8Count = try #require(try await self.arguments(deep)).jsonText.utf8.count
        #expect(10_000..<100_000 ~= utf8Count)
    }

    /// Each level once doubled what it holds.
    @Test(.timeLimit(.minutes(1))) func `a schema that is made of itself twice is put together once`() async throws {
        let names = (0..<1000).map { #""a\#($0)""# }.joined(separator: ",")
        let twice = ##"{"type":"object","required":[\##(names)],"allOf":[{"$ref":"#"},{"$ref":"#"}]}"##
        #expect(try await self.arguments(try #require(Document(json: twice)))?.members.count == 1000)
        let items = #"{"type":"array","minItems":10000,"items":{"type":"object","required":[\#(names)]}}"#
        let list = #"{"properties":{"a":\#(items)}}"#
        #expect(try await self.arguments(try #require(Document(json: list)))?["a"]?.elements.isEmpty == false)
    }

    @Test func `a place that is one of many and often referred to has its cost`() async throws {
        let many = (0..<8000).map { #""d\#($0 % 10)\#($0)":{}"# }.joined(separator: ",")
        let items = ##"{"type":"array","minItems":10000,"items":{"$ref":"#/$defs/last"}}"##
        let list = #"{"properties":{"a":\#(items)},"$defs":{\#(many),"last":{"type":"null"}}}"#
        #expect(try await self.arguments(try #require(Document(json: list)))?["a"]?.elements.isEmpty == false)
    }

    @Test func `a long reference has its cost`() async throws {
        let path = "/" + String(repeating: "x", count: 100_000)
        let items = ##"{"type":"array","minItems":10000,"items":{"$ref":"#\##(path)"}}"##
        let list = #"{"properties":{"a":\#(items)}}"#
        #expect(try await self.arguments(try #require(Document(json: list)))?["a"]?.elements.isEmpty == false)
    }

    @Test func `a list is no longer than its schema allows, and null is no reference`() async throws {
        let lists =
            #""a":{"type":"array","prefixItems":[{},{}],"maxItems":1},"#
            + #""b":{"type":"array","items":{},"maxItems":0}"#
        let schema = #"{"$ref":null,"type":"object","properties":{\#(lists)}}"#
        let example = try await self.arguments(try #require(Document(json: schema)))
        #expect(example?["a"]?.elements.count == 1 && example?["b"]?.elements.isEmpty == true)
    }

    /// Such schemas once gave null, which is no tool's input, or half of what they ask for.
    @Test(
        arguments: [
            (#"{"type":"object","properties":{"a":{"const":5}},"anyOf":[{"required":["a"]}]}"#, #"{"a":5}"#),
            (
                #"{"type":"object","properties":{"a":{"const":1}},"allOf":[{"if":{},"then":{}},{"#
                    + ##""properties":{"b":{"const":2}}},{"$ref":"#/$defs/C"}],"##
                    + #""$defs":{"C":{"properties":{"c":{}}}}}"#,
                #"{"a":1,"b":2,"c":null}"#
            ),
            (#"{"type":"object","default":null}"#, "{}"),
            (
                #"{"properties":{"a":{"type":"integer","maximum":0.5},"b":{"type":["integer"],"minimum":-2.5},"#
                    + #""c":{"type":"number","maximum":0.5}}}"#, #"{"a":0,"b":-2,"c":0.5}"#
            ),
            (#"{"type":"object","required":["a"]}"#, #"{"a":null}"#),
            (
                #"{"properties":{"t":{"type":"array","prefixItems":[{"type":"integer","maximum":-1},{"const":"x"}]},"#
                    + #""u":{"type":"array","minItems":2}}}"#,
                #"{"t":[-1,"x"],"u":[null,null]}"#
            ),
        ] as [(String, String)])
    func `schemas beside others and within them hold together`(_ schema: String, _ wanted: String) async throws {
        let schema = try #require(Document(json: schema))
        #expect(try await self.arguments(schema)?.jsonText == wanted)
    }
}
