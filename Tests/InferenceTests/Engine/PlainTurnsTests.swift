import Inference
import ServiceModel
import Testing
import WireProtocols

private func call(_ id: String) -> ChatRequest.Part {
    .toolCall(ToolCall(id: id, name: "look", arguments: .object([])))
}

private let history: [ChatRequest.Message] = [
    .init(role: .user, parts: [.text("look")]),
    .init(role: .assistant, parts: [.text("so I do"), call("a"), call("b")]),
    .init(
        role: .user,
        parts: [.toolResult(callID: "b", text: "red"), .toolResult(callID: "a", text: "blue"), .text("and so?")]),
]

@Suite(.timeLimit(.minutes(1))) struct PlainTurnsTests {
    /// An engine whose template refuses what its families' templates refuse.
    private func engine(refusing isRefused: @escaping @Sendable (String) -> Bool) -> FakeEngine {
        FakeEngine { request in
            guard !isRefused(request.body) else {
                let sentence = #"Unable.\n---\nError: Jinja Exception: One call at once!\n"#
                return FakeEngine.Step.json(#"{"error":{"code":500,"message":"\#(sentence)"}}"#, status: 500)
            }
            return request.path == "/apply-template"
                ? FakeEngine.Step.json(#"{"prompt":"p","tokens":[1]}"#)
                : request.path == "/tokenize"
                    ? FakeEngine.Step.json(#"{"tokens":[1,2,3]}"#)
                    : [.streamHead, .text("a")] + FakeEngine.Step.finish("stop")
        }
    }

    @Test func `a conversation that a template takes is left as it is`() async throws {
        let engine = self.engine { _ in false }
        #expect(try await ask(try engine.model()) { $0.messages = history }.text == "a")
        #expect(engine.requests.count == 1)
    }

    @Test func `of several calls each gets a turn, and texts stand behind the last result`() async throws {
        let engine = self.engine { $0.contains(#""content":"and so?""#) || $0.contains(#"},{"id""#) }
        #expect(try await ask(try engine.model()) { $0.messages = history }.text == "a")
        let body = try #require(engine.requests.last?.body)
        let document = try #require(Document(json: body.utf8.map { $0 }))
        let turns = (document["messages"]?.elements ?? []).map { message in
            "\(message["role"]?.text ?? ""): \(message["content"]?.text ?? "")"
                + (message["tool_calls"]?.elements ?? []).map { " [\($0["id"]?.text ?? "")]" }.joined()
        }
        #expect(
            turns == [
                "user: look", "assistant: so I do [a]", "tool: blue", "assistant:  [b]", "tool: red\n\nand so?",
            ])
        #expect(engine.requests.count == 2)
        #expect(try await engine.model().countTokens(ChatRequest(messages: history)) == 3)
    }

    @Test func `what is refused in plain turns too is told in the template's words`() async throws {
        let engine = self.engine { _ in true }
        let sentence = "The template of this model does not take the conversation: One call at once!"
        await #expect(throws: InferenceError.unsupported(sentence)) {
            try await ask(try engine.model()) { $0.messages = history }
        }
        #expect(engine.requests.count == 2)
        await #expect(throws: InferenceError.unsupported(sentence)) { try await ask(try engine.model()) }
        #expect(engine.requests.count == 3)
    }

    @Test(arguments: [("{}", .endOfTurn), ("{", .malformedAnswer)] as [(String, ChatOutcome.StopReason)])
    func `an answer that must be JSON is looked at`(_ text: String, _ reason: ChatOutcome.StopReason) async throws {
        let engine = FakeEngine { _ in [.streamHead, .text(text)] + FakeEngine.Step.finish("stop") }
        let outcome = try await ask(try engine.model()) {
            $0.answerSchema = .object(["type": .string("object")])
            $0.takesAnyAnswer = true
            // What could be the beginning of a stop sequence is kept back until the end.
            $0.sampling.stopSequences = ["}}", "{{"]
        }.outcome
        #expect(outcome?.stopReason == reason)
    }
}
