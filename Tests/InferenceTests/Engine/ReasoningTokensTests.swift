import Inference
import ServiceModel
import Testing
import WireProtocols

@Suite(.timeLimit(.minutes(1))) struct ReasoningTokensTests {
    private static let thoughts: [FakeEngine.Step] = [
        .event(#"{"choices":[{"index":0,"delta":{"reasoning_content":"Let me "}}]}"#),
        .event(#"{"choices":[{"index":0,"delta":{"reasoning_content":"think."}}]}"#), .text("Good"),
    ]

    /// An engine that answers with these steps, and tokenises everything as these ids.
    private func engine(_ steps: [FakeEngine.Step], tokens: String = "[1,2]") -> FakeEngine {
        FakeEngine { request in
            request.path == "/tokenize"
                ? FakeEngine.Step.json(#"{"tokens":\#(tokens)}"#)
                : [.streamHead] + steps + FakeEngine.Step.finish("stop")
        }
    }

    @Test func `thoughts are counted by the engine's tokenizer, without marks around them`() async throws {
        let engine = self.engine(Self.thoughts)
        let said = try await ask(try engine.model())
        #expect(said.outcome?.reasoningTokens == 2 && said.outcome?.outputTokens == 3)
        let question = try #require(engine.requests.last.flatMap { Document(json: Array($0.body.utf8)) })
        #expect(question["content"] == .string("Let me think.") && question["add_special"] == .boolean(false))
    }

    @Test func `an answer without thoughts asks no tokenizer`() async throws {
        let engine = self.engine([.text("Good")])
        let said = try await ask(try engine.model())
        #expect(said.outcome?.reasoningTokens == 0 && engine.requests.count == 1)
    }

    @Test func `thoughts are no more tokens than the whole answer`() async throws {
        let engine = self.engine(Self.thoughts, tokens: "[1,2,3,4,5]")
        #expect(try await ask(try engine.model()).outcome?.reasoningTokens == 3)
    }

    @Test func `a tokenizer that fails spoils no answer`() async throws {
        let engine = self.engine(Self.thoughts, tokens: "7")
        let said = try await ask(try engine.model())
        #expect(said.text == "Good" && said.outcome != nil && said.outcome?.reasoningTokens == nil)
    }

    @Test(arguments: [#""completion_tokens_details":{"reasoning_tokens":2}"#, #""reasoning_tokens":2"#])
    func `a server's own count is taken`(_ member: String) async throws {
        let usage = #"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,\#(member)}}"#
        let engine = self.engine(Self.thoughts + [.event(usage)])
        let said = try await ask(
            try engine.model {
                $0.isLlamaServer = false
                $0.hasTokenizer = false
            })
        #expect(said.outcome?.reasoningTokens == 2)
    }

    @Test func `a recorded answer keeps the count, and an older recording has none`() throws {
        var outcome = ChatOutcome(stopReason: .endOfTurn, inputTokens: 7, outputTokens: 3)
        outcome.reasoningTokens = 2
        let recorded = ModelAnswer(pieces: [], outcome: outcome).document
        #expect(try ModelAnswer(recorded).outcome.reasoningTokens == 2)
        outcome.reasoningTokens = nil
        #expect(try ModelAnswer(ModelAnswer(pieces: [], outcome: outcome).document).outcome.reasoningTokens == nil)
    }
}
