import Inference
import ServiceModel
import Synchronization
import Testing

private let weather = ChatRequest.Tool(
    name: "get_weather", description: "",
    schema: .object([
        "type": .string("object"), "properties": .object(["city": .object(["type": .string("string")])]),
        "required": .array([.string("city")]),
    ]))

@Suite(.timeLimit(.minutes(1))) struct LlamaServerModelTests {
    @Test func `text, thoughts and token counts are the engine's own`() async throws {
        let engine = FakeEngine { _ in
            [
                .streamHead, .event(#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null}}]}"#),
                .event(#"{"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}"#), .text("Good"),
                // An event in two pieces, and two in one.
                .chunk("data: {\"choices\":[{\"index\":0,\"delta\":"), .chunk("{\"content\":\" day\"}}]}\r\n\r\n"),
            ] + FakeEngine.Step.finish("stop")
        }
        let said = try await ask(try engine.model())
        #expect(said.text == "Good day")
        #expect(said.reasoning == "hm")
        let outcome = try #require(said.outcome)
        #expect((outcome.inputTokens, outcome.outputTokens, outcome.cachedInputTokens) == (7, 3, 2))
        #expect(outcome.stopReason == .endOfTurn)
    }

    @Test func `pieces are the same whether the chunks around them are alike or not`() async throws {
        @Sendable func delta(_ delta: String, _ more: String = "") -> FakeEngine.Step {
            .event(#"{"choices":[{"index":0,"delta":{\#(delta)}}],"created":1\#(more)}"#)
        }
        let engine = FakeEngine { _ in
            [
                .streamHead, delta(#""role":"assistant","content":"a""#), delta(#""reasoning_content":"b""#),
                delta(#""reasoning_content":"c""#), delta(#""reasoning_content":"","content":"d""#),
                delta(#""content":"e""#), delta(#""content":"f\n""#), delta(#""content":"\"""#),
                delta(#""content":"é""#),
                delta(#""content":"""#), delta(#""content":"g""#, #","usage":null"#), delta(#""content":"h""#),
                delta(#""content":"i","tool_calls":[{"index":0,"function":{"name":"get_weather","arguments":"{}"}}]"#),
                delta(#""content":"j""#),
            ] + FakeEngine.Step.finish("tool_calls")
        }
        let said = try await ask(try engine.model()) { $0.tools = [weather] }
        #expect(said.text == "adef\n\"éghij")
        #expect(said.reasoning == "bc")
        #expect(said.calls.count == 1)
    }

    @Test(
        arguments: [("length", 3, .tokensMax), ("length", 9, .contextFull), ("stop", 3, .endOfTurn)]
            as [(String, Int, ChatOutcome.StopReason)])
    func `an answer that is cut short says by what`(
        _ finish: String, _ tokensMax: Int, _ reason: ChatOutcome.StopReason
    ) async throws {
        let engine = FakeEngine { _ in [.streamHead, .text("a")] + FakeEngine.Step.finish(finish) }
        let said = try await ask(try engine.model()) { $0.sampling.tokensMax = tokensMax }
        #expect(said.outcome?.stopReason == reason)
    }

    @Test func `a stop sequence is found across pieces, named, and ends the engine's work`() async throws {
        let engine = FakeEngine { _ in
            [
                .streamHead, .text("one t"),
                .event(
                    #"{"choices":[{"index":0,"delta":{"content":"wo three"}}],"#
                        + #""timings":{"cache_n":4,"prompt_n":6,"predicted_n":5}}"#), .awaitHangUp,
            ]
        }
        let said = try await ask(try engine.model()) { $0.sampling.stopSequences = ["three", "two"] }
        #expect(said.text == "one ")
        let outcome = try #require(said.outcome)
        #expect(outcome.stopReason == .stopSequence("two"))
        #expect((outcome.inputTokens, outcome.outputTokens, outcome.cachedInputTokens) == (10, 5, 4))
        try await engine.until { engine.hangUpCount == 1 }
    }

    @Test func `calls come in pieces and are told whole`() async throws {
        @Sendable func call(_ index: Int, _ rest: String) -> FakeEngine.Step {
            .event(#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":\#(index),\#(rest)}]}}]}"#)
        }
        let engine = FakeEngine { _ in
            [
                .streamHead, call(0, #""id":"a","function":{"name":"get_weather","arguments":""}"#),
                call(0, #""function":{"arguments":"{\"city\":"}"#), call(0, #""function":{"arguments":"\"Oslo\"}"}"#),
                call(1, #""id":"b","function":{"name":"get_weather","arguments":"{}"}"#),
            ] + FakeEngine.Step.finish("tool_calls")
        }
        let said = try await ask(try engine.model()) { $0.tools = [weather] }
        #expect(said.calls.map(\.id.count) == [22, 22] && said.calls[0].id != said.calls[1].id)
        #expect(said.calls.first?.arguments == .object(["city": .string("Oslo")]))
        #expect(said.outcome?.stopReason == .toolCall)
    }

    @Test func `how long a prompt is, is known before the first word where somebody asks`() async throws {
        let engine = FakeEngine { request in
            guard request.body.contains(#""return_progress":true"#) else {
                return [.streamHead, .text("a")] + FakeEngine.Step.finish("stop")
            }
            let progress = #""prompt_progress":{"total":309,"cache":300,"processed":300,"time_ms":0}"#
            return [
                .streamHead,
                .event(#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null}}],\#(progress)}"#),
                .text("a"),
            ] + FakeEngine.Step.finish("stop")
        }
        let count = PromptCount()
        let model = try engine.model()
        var request = ChatRequest(messages: [.init(role: .user, parts: [.text("hi")])])
        request.promptCount = count
        _ = try await model.chat(request) { _ in
            #expect(count.outcome?.inputTokens == 309 && count.outcome?.cachedInputTokens == 300)
        }
        #expect(try await ask(model).text == "a")
        #expect(engine.requests.map { $0.body.contains("return_progress") } == [true, false])
    }

    @Test func `where one call is asked for, a second one ends the engine's work`() async throws {
        @Sendable func call(_ index: Int, _ timings: String) -> FakeEngine.Step {
            let function = #""function":{"name":"get_weather","arguments":"{}"}"#
            return .event(
                #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":\#(index),\#(function)}]}}]\#(timings)}"#)
        }
        let counts = #","timings":{"cache_n":4,"prompt_n":6,"predicted_n":5}"#
        let engine = FakeEngine { _ in [.streamHead, call(0, counts), call(1, counts), .awaitHangUp] }
        let said = try await ask(try engine.model()) {
            $0.tools = [weather]
            $0.allowsParallelCalls = false
        }
        #expect(said.calls.count == 1)
        #expect(said.outcome?.stopReason == .toolCall)
        #expect(said.outcome?.outputTokens == 5)
        let body = engine.requests.last?.body ?? ""
        #expect(body.contains(#""parallel_tool_calls":false"#) && body.contains(#""timings_per_token":true"#))
    }

    @Test(arguments: [#""index":0,"#, ""])
    func `several calls with one number are several calls`(_ index: String) async throws {
        @Sendable func call(_ function: String) -> FakeEngine.Step {
            .event(
                #"{"choices":[{"index":0,"delta":{"tool_calls":[{\#(index)"function":{\#(function)}}]}}]}"#)
        }
        let engine = FakeEngine { _ in
            [
                .streamHead, call(#""name":"get_weather","arguments":"""#), call(#""arguments":"{\"city\":""#),
                call(#""arguments":"\"Oslo\"}""#), call(#""name":"get_weather","arguments":"{\"city\":\"Rome\"}""#),
            ] + FakeEngine.Step.finish("tool_calls")
        }
        let said = try await ask(try engine.model()) { $0.tools = [weather] }
        #expect(said.calls.map { $0.arguments["city"] } == [.string("Oslo"), .string("Rome")])
    }

    @Test func `arguments that are an object are taken as those that are its text`() async throws {
        let call = #"{"index":0,"function":{"name":"get_weather","arguments":{"city":"Oslo"}}}"#
        let engine = FakeEngine { _ in
            [.streamHead, .event(#"{"choices":[{"index":0,"delta":{"tool_calls":[\#(call)]}}]}"#)]
                + FakeEngine.Step.finish("tool_calls")
        }
        let said = try await ask(try engine.model()) { $0.tools = [weather] }
        #expect(said.calls.map(\.arguments) == [.object(["city": .string("Oslo")])])
    }

    /// Parsing all arguments for each piece would take hours: they are looked at once.
    @Test(arguments: ["}", "{}", ""])
    func `a call that is named with each of many pieces is read in time`(_ piece: String) async throws {
        func delta(_ arguments: String) -> String {
            let function = #"{"name":"get_weather","arguments":"\#(arguments)"}"#
            return #"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":\#(function)}]}}]}"#
                + "\n\n"
        }
        let begun = delta(#"{\"city\":\""# + String(repeating: "x", count: 2_000_000) + (piece == "}" ? "" : #"\",}"#))
        let pieces = String(repeating: delta(piece), count: 20_000)
        let engine = FakeEngine { _ in
            [.streamHead, .chunk(begun), .chunk(pieces)] + FakeEngine.Step.finish("tool_calls")
        }
        let said = try await ask(try engine.model()) { $0.tools = [weather] }
        #expect(said.calls.isEmpty && said.outcome?.stopReason == .malformedToolCall)
    }

    @Test func `a name behind complete arguments begins another call, however they are cut`() async throws {
        let pieces = [
            (#""get_weather""#, #"{\"city\":\"{"#), ("null", #"\\\"}\""#), ("null", "}"), (#""get_weather""#, "{}"),
        ]
        let events = pieces.map { name, arguments in
            FakeEngine.Step.event(
                #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":\#(name),"arguments":""#
                    + arguments + #""}}]}}]}"#)
        }
        let engine = FakeEngine { _ in [.streamHead] + events + FakeEngine.Step.finish("tool_calls") }
        let said = try await ask(try engine.model()) { $0.tools = [weather] }
        #expect(said.calls.map(\.arguments) == [.object(["city": .string(#"{"}"#)]), .object([])])
    }

    @Test(
        arguments: [
            #""name":"unknown","arguments":"{}""#, #""name":"get_weather","arguments":"{\"city\"""#,
            #""name":"get_weather","arguments":"[1]""#,
        ])
    func `a call that is none is told as that`(_ function: String) async throws {
        let engine = FakeEngine { _ in
            [
                .streamHead,
                .event(
                    #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{\#(function)}}]}}]}"#),
            ] + FakeEngine.Step.finish("tool_calls")
        }
        let said = try await ask(try engine.model()) { $0.tools = [weather] }
        #expect(said.calls.isEmpty)
        #expect(said.outcome?.stopReason == .malformedToolCall)
    }

    @Test(
        arguments: [
            // Of 100 tokens with 8 bytes each at most: one byte of ink more is too long, blanks do not count.
            ("x", 800, 0, true), ("x", 801, 1, false), (" x", 800, 1, true), ("\u{2003}x", 300, 1, false),
        ] as [(String, Int, Int, Bool)])
    func `a prompt that is certain to be too long is not sent to be tokenised`(
        _ word: String, _ count: Int, _ templateCount: Int, _ isSent: Bool
    ) async throws {
        let text = String(repeating: word, count: count)
        let engine = FakeEngine { request in
            request.path == "/apply-template"
                ? FakeEngine.Step.json("{\"prompt\":\"\(text)\"}")
                : [.streamHead, .text("a")] + FakeEngine.Step.finish("stop")
        }
        let model = try engine.model {
            $0.tokenInkBytesMax = 8
            $0.contextTokensMax = 100
        }
        let request = ChatRequest(messages: [.init(role: .user, parts: [.text(text)])])
        do {
            _ = try await model.chat(request) { _ in }
            #expect(isSent)
        } catch InferenceError.contextExceeded(let tokens, let tokensMax) {
            #expect(!isSent && tokens > 100 && tokensMax == 100)
        }
        #expect(engine.requests.count { $0.path == "/apply-template" } == templateCount)
        #expect(engine.requests.contains { $0.path == "/v1/chat/completions" } == isSent)
    }

    @Test func `what a template leaves out does not count`() async throws {
        let engine = FakeEngine { request in
            request.path == "/apply-template"
                ? FakeEngine.Step.json(#"{"prompt":"short"}"#)
                : [.streamHead, .text("a")] + FakeEngine.Step.finish("stop")
        }
        let model = try engine.model {
            $0.tokenInkBytesMax = 8
            $0.contextTokensMax = 100
        }
        let said = try await ask(model) {
            $0.messages.append(.init(role: .assistant, parts: [.reasoning(String(repeating: "x", count: 9_000))]))
        }
        #expect(said.outcome?.stopReason == .endOfTurn)
    }

    @Test func `a call that must be made is forced by a grammar behind the model's own template`() async throws {
        let engine = FakeEngine { request in
            guard request.path == "/completion" else { return FakeEngine.Step.json(#"{"prompt":"<hi>"}"#) }
            let timings = #""timings":{"cache_n":1,"prompt_n":2}"#
            return [
                .streamHead, .event(#"{"content":"{\"name\":\"get_weather\",","stop":false}"#),
                .event(#"{"content":"\"arguments\":{\"city\":\"Rome\"}}","stop":false}"#),
                .event(#"{"content":"","stop":true,"stop_type":"eos","tokens_predicted":9,\#(timings)}"#), .streamEnd,
            ]
        }
        let said = try await ask(try engine.model()) {
            $0.tools = [weather]
            $0.toolChoice = .named("get_weather")
        }
        #expect(said.calls.first?.arguments == .object(["city": .string("Rome")]))
        #expect(said.calls.first?.id.count == 22)
        #expect(said.outcome?.stopReason == .toolCall)
        #expect(said.outcome?.inputTokens == 3)
        #expect(engine.requests.map(\.path) == ["/apply-template", "/completion"])
        #expect(engine.requests.last?.body.contains(#""prompt":"<hi>""#) == true)
        #expect(engine.requests.last?.body.contains("grammar") == true)
    }

    @Test func `a forced call whose arguments are no object is told as none`() async throws {
        let engine = FakeEngine { request in
            guard request.path == "/completion" else { return FakeEngine.Step.json(#"{"prompt":"<hi>"}"#) }
            let timings = #""timings":{"cache_n":1,"prompt_n":2}"#
            return [
                .streamHead, .event(#"{"content":"{\"name\":\"get_weather\",\"arguments\":5}","stop":false}"#),
                .event(#"{"content":"","stop":true,"stop_type":"eos","tokens_predicted":9,\#(timings)}"#), .streamEnd,
            ]
        }
        let said = try await ask(try engine.model()) {
            $0.tools = [weather]
            $0.toolChoice = .named("get_weather")
        }
        #expect(said.calls.isEmpty && said.outcome?.stopReason == .malformedToolCall)
    }

    @Test(arguments: [502, 503, 504], ["/props", "/tokenize", "/apply-template"])
    func `a server that is not there yet says nothing of what it can do`(_ status: Int, _ path: String) async throws {
        let engine = FakeEngine { FakeEngine.Step.json("{}", status: $0.path == path ? status : 200) }
        await #expect(throws: InferenceError.self) {
            try await EngineCapabilities(asking: try engine.client, model: "fake")
        }
    }

    @Test(
        arguments: [
            (
                400,
                #"{"error":{"code":400,"message":"too long","type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":4}}"#,
                .contextExceeded(tokens: 9, tokensMax: 4)
            ),
            (400, #"{"error":{"code":400,"message":"bad grammar"}}"#, .unsupported("bad grammar")),
            (503, #"{"error":{"code":503,"message":"Loading model"}}"#, .notReady("Loading model")),
            (429, "{}", .busy),
            (500, #"{"error":{"code":500,"message":"oh"}}"#, .refused(status: 500, sentence: "oh")),
            (502, "<html>", .refused(status: 502, sentence: "The engine gave no reason.")),
            (502, "no\nroute", .refused(status: 502, sentence: "no route")),
            (
                302, "",
                .refused(
                    status: 302, sentence: "The server of this model redirects, and redirections are not followed.")
            ),
            (403, #"{"detail":"Not authenticated"}"#, .refused(status: 403, sentence: "Not authenticated")),
            (
                422, #"{"detail":[{"loc":["body","top_k"],"msg":"Input should be a valid integer"}]}"#,
                .unsupported("body.top_k: Input should be a valid integer")
            ),
            (504, "<html>", .timedOut(seconds: nil)),
            (503, "", .notReady("The server of this model is not ready.")),
            (
                400,
                #"{"message":"This model's maximum context length is 10 tokens. However, you requested 20 tokens."}"#,
                .contextExceeded(tokens: 20, tokensMax: 10)
            ),
            (
                400,
                #"{"error":{"message":"The input (9 tokens) is longer than the model's context length (4 tokens)."}}"#,
                .contextExceeded(tokens: 9, tokensMax: 4)
            ),
            (
                400, #"{"error":{"message":"The maximum context length is 10: 1 and 10 in the completion"}}"#,
                .unsupported("The maximum context length is 10: 1 and 10 in the completion")
            ),
        ] as [(Int, String, InferenceError)])
    func `a refusal is told as what it means`(_ status: Int, _ body: String, _ error: InferenceError) async throws {
        let engine = FakeEngine { _ in FakeEngine.Step.json(body, status: status) }
        await #expect(throws: error) { try await ask(try engine.model()) }
    }

    @Test(
        arguments: [
            [.cut], [.streamEnd], [.event("{")], [.event(#"{"error":{"code":500,"message":"oh"}}"#)],
            FakeEngine.Step.finish("abort"),
        ] as [[FakeEngine.Step]])
    func `an answer that breaks off is a failure`(_ end: [FakeEngine.Step]) async throws {
        let engine = FakeEngine { _ in [.streamHead, .text("a")] + end }
        await #expect(throws: InferenceError.self) { try await ask(try engine.model()) }
    }

    @Test func `an error that is null is none, and one may say its code as a text`() async throws {
        let engine = FakeEngine { request in
            guard request.body.contains("fail") else {
                return [.streamHead, .event(#"{"error":null,"choices":[{"index":0,"delta":{"content":"a"}}]}"#)]
                    + FakeEngine.Step.finish("stop")
            }
            return [.streamHead, .event(#"{"error":{"code":"429","message":"later"}}"#)]
        }
        #expect(try await ask(try engine.model()).text == "a")
        await #expect(throws: InferenceError.busy) {
            try await ask(try engine.model()) { $0.messages[0].parts.append(.text("fail")) }
        }
    }

    @Test(
        arguments: [
            #""prompt_tokens":9223372036854775807,"completion_tokens":1"#, #""prompt_tokens":1,"completion_tokens":-1"#,
            #""prompt_tokens":1,"completion_tokens":1e30"#,
        ])
    func `counts that no answer has are none`(_ usage: String) async throws {
        let engine = FakeEngine { _ in
            [
                .streamHead, .text("a"), .event(#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#),
                .event(#"{"choices":[],"usage":{\#(usage)}}"#), .event("[DONE]"), .streamEnd,
            ]
        }
        await #expect(throws: InferenceError.failed("the engine did not say how many tokens the answer took")) {
            try await ask(try engine.model())
        }
    }

    @Test func `whoever is not reached was sent nothing`() async throws {
        let engine = FakeEngine { _ in [] }
        engine.end()
        let model = try engine.model()
        do {
            _ = try await ask(model)
            Issue.record("nobody listens there")
        } catch InferenceError.unreached {
            // As it must be.
        }
    }

    /// Otherwise such a request would also end the engine that is started in its place.
    @Test func `a request that an engine died of after a while is not sent again`() async throws {
        let engine = FakeEngine { request in
            request.path == "/health" ? FakeEngine.Step.json("{}") : [.gate, .cut]
        }
        let client = try EngineClient(EngineEndpoint(address: .unix(path: engine.path)), preparesConnections: true)
        // Each loop that may send the request has a connection by then.
        for _ in 0..<16 { _ = try await client.ask("GET", "/health") }
        let asked = Task { try await client.send("POST", "/completion") }
        try await engine.until { engine.requests.contains { $0.path == "/completion" } }
        try await Task.sleep(for: .milliseconds(300))
        engine.openGate()
        await #expect(throws: EngineClientError.cutOff) { try await asked.value }
        #expect(engine.requests.count { $0.path == "/completion" } == 1)
    }

    @Test func `a request that is cancelled closes its connection`() async throws {
        let engine = FakeEngine { _ in [.streamHead, .text("a"), .awaitHangUp] }
        let model = try engine.model()
        let task = Task { try await ask(model) }
        try await engine.until { !engine.requests.isEmpty }
        task.cancel()
        await #expect(throws: (any Error).self) { try await task.value }
        try await engine.until { engine.hangUpCount == 1 }
    }

    @Test func `a client that takes no more ends the engine's work`() async throws {
        struct Gone: Error {}
        let engine = FakeEngine { _ in [.streamHead, .text("a"), .awaitHangUp] }
        let request = ChatRequest(messages: [.init(role: .user, parts: [.text("hi")])])
        await #expect(throws: Gone.self) { try await engine.model().chat(request) { _ in throw Gone() } }
        try await engine.until { engine.hangUpCount == 1 }
    }

    @Test(arguments: [1, 2, 3, 7])
    func `a client that is slow hears all of it in order`(_ pace: Int) async throws {
        let letters = "abcdefghijklm".map(String.init)
        // All at once, so that many events lie in one piece.
        let events = letters.map { #"data: {"choices":[{"index":0,"delta":{"content":"\#($0)"}}]}"# + "\n\n" }
        let engine = FakeEngine { _ in
            [.streamHead, .chunk(events.joined())] + letters.map { .text($0) } + FakeEngine.Step.finish("stop")
        }
        let heard = Mutex((text: "", count: 0))
        let slow = Sink<ChatEvent>(
            take: { event in
                guard case .text(let text) = event else { return true }
                return heard.withLock { heard in
                    heard.text += text
                    heard.count += 1
                    return !heard.count.isMultiple(of: pace)
                }
            }, room: { for _ in 0..<pace { await Task.yield() } })
        let request = ChatRequest(messages: [.init(role: .user, parts: [.text("hi")])])
        let outcome = try await engine.model().chat(request, slow)
        #expect(heard.withLock { $0.text } == letters.joined() + letters.joined())
        #expect(outcome.stopReason == .endOfTurn)
        let late = Mutex("")
        let waiting = Sink<ChatEvent>.waiting { event in
            await Task.yield()
            if case .text(let text) = event { late.withLock { $0 += text } }
        }
        _ = try await engine.model().chat(request, waiting)
        #expect(late.withLock { $0 } == letters.joined() + letters.joined())
    }

    @Test func `an image is for models that see`() async throws {
        let engine = FakeEngine { _ in [.streamHead, .text("a")] + FakeEngine.Step.finish("stop") }
        let image = ChatRequest.Part.image(format: "png", bytes: [1, 2, 3])
        await #expect(throws: InferenceError.self) {
            try await ask(try engine.model()) { $0.messages[0].parts.append(image) }
        }
        _ = try await ask(try engine.model { $0.takesImages = true }) { $0.messages[0].parts.append(image) }
        #expect(engine.requests.last?.body.contains("data:image/png;base64,AQID") == true)
    }
}
