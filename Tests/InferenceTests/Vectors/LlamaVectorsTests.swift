import Inference
import Synchronization
import TestSupport
import Testing
import WireProtocols

/// Tokenises a text into a mark, its length in bytes as tokens, and a mark; embeds each text as its count of tokens.
private func encoder() -> FakeEngine {
    FakeEngine { request in
        switch request.path {
        case "/tokenize":
            let content = request.body.firstMatch(of: #/"content":"([^"]*)"/#)?.1 ?? ""
            let isBare = request.body.contains(#""add_special":false"#)
            let words = content.utf8.indices.map { "\(7 + content.utf8.distance(from: content.startIndex, to: $0))" }
            let tokens = isBare ? words : ["1"] + words + ["2"]
            return FakeEngine.Step.json(#"{"tokens":[\#(tokens.joined(separator: ","))]}"#)
        case "/detokenize": return FakeEngine.Step.json(#"{"content":"cut"}"#)
        case "/v1/embeddings":
            let inputs = request.body.matches(of: #/\[([0-9,]+)\]/#).map { $0.1.split(separator: ",").count }
            let data = inputs.enumerated().map { #"{"index":\#($0),"embedding":[\#($1),0.5]}"# }
            return FakeEngine.Step.json(
                #"{"data":[\#(data.joined(separator: ","))],"usage":{"prompt_tokens":99}}"#)
        default:
            return FakeEngine.Step.json(
                #"{"results":[{"index":1,"relevance_score":0},{"index":0,"relevance_score":2}],"#
                    + #""usage":{"prompt_tokens":11}}"#)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct LlamaVectorsTests {
    @Test func `texts are counted by the engine's tokeniser, embedded together, and kept`() async throws {
        let engine = encoder()
        let cache = EmbeddingCache(bytesMax: 1 << 20)
        let embedder = LlamaEmbedder(try engine.model(), tokensMax: 10, identity: "x", cache: cache)
        let first = try await embedder.embed(EmbeddingRequest(texts: ["abc", "a"]))
        #expect(first.embeddings.map(\.tokens) == [5, 3])
        #expect(first.embeddings.map(\.values) == [[5, 0.5], [3, 0.5]])
        #expect(first.inputTokens == 8)
        #expect(engine.requests.map(\.path) == ["/tokenize", "/tokenize", "/v1/embeddings"])
        #expect(engine.requests.last?.body.contains(#""embd_normalize":-1"#) == true)
        let again = try await embedder.embed(EmbeddingRequest(texts: ["a", "abc"]))
        #expect(again.embeddings.map(\.tokens) == [3, 5])
        #expect(engine.requests.count == 3 && cache.counts.hits == 2)
    }

    @Test func `a text of more tokens than a request has values is told to be too long, not a failed engine`()
        async throws
    {
        let count = JSONReader.documentValueCountMax
        let engine = FakeEngine { request in
            let isText = request.path == "/tokenize" && request.body.contains("long")
            return FakeEngine.Step.json(#"{"tokens":[\#(String(repeating: "7,", count: isText ? count : 1))7]}"#)
        }
        let embedder = LlamaEmbedder(try engine.model(), tokensMax: 10, identity: nil, cache: nil)
        await #expect(throws: InferenceError.contextExceeded(tokens: count + 1, tokensMax: 10)) {
            _ = try await embedder.embed(EmbeddingRequest(texts: ["long"]))
        }
    }

    @Test func `a text at the bound is embedded, and one token more is refused or shortened`() async throws {
        let engine = encoder()
        let embedder = LlamaEmbedder(try engine.model(), tokensMax: 5, identity: nil, cache: nil)
        #expect(try await embedder.embed(EmbeddingRequest(texts: ["abc"])).inputTokens == 5)
        await #expect(throws: InferenceError.contextExceeded(tokens: 6, tokensMax: 5)) {
            _ = try await embedder.embed(EmbeddingRequest(texts: ["abcd"]))
        }
        for (overflow, tokens) in [(.dropEnd, "[1,7,8,9,2]"), (.dropStart, "[1,8,9,10,2]")]
            as [(EmbeddingRequest.Overflow, String)]
        {
            let outcome = try await embedder.embed(EmbeddingRequest(texts: ["abcd"], overflow: overflow))
            #expect(outcome.embeddings.first?.isShortened == true && outcome.inputTokens == 5)
            #expect(engine.requests.last?.body.contains(tokens) == true)
        }
        await #expect(throws: InferenceError.contextExceeded(tokens: 6, tokensMax: 4)) {
            _ = try await embedder.embed(EmbeddingRequest(texts: ["abcd"], tokensMax: 4))
        }
    }

    @Test func `vectors in base64 are read, and what is no number is refused`() async throws {
        let answer = Mutex(#""AACAPwAAAMA=""#)
        let engine = FakeEngine { request in
            guard request.path == "/v1/embeddings" else { return FakeEngine.Step.json(#"{"tokens":[1]}"#) }
            return FakeEngine.Step.json(#"{"data":[{"embedding":\#(answer.withLock { $0 })}]}"#)
        }
        let embedder = LlamaEmbedder(try engine.model(), tokensMax: nil, identity: nil, cache: nil)
        let outcome = try await embedder.embed(EmbeddingRequest(texts: ["a"]))
        #expect(outcome.embeddings.first?.values == [1, -2])
        for wrong in [#""AACAPw""#, #""AADAfw==""#, "[1,null]", "{}", "[]"] {
            answer.withLock { $0 = wrong }
            await #expect(throws: InferenceError.self) {
                _ = try await embedder.embed(EmbeddingRequest(texts: ["a"]))
            }
        }
    }

    @Test func `a server without a tokeniser is asked text by text, and must count`() async throws {
        let engine = FakeEngine { _ in
            FakeEngine.Step.json(#"{"data":[{"index":0,"embedding":[1,0]}],"usage":{"prompt_tokens":4}}"#)
        }
        let model = try engine.model {
            $0.isLlamaServer = false
            $0.hasTokenizer = false
        }
        let embedder = LlamaEmbedder(model, tokensMax: nil, identity: nil, cache: nil)
        #expect(try await embedder.embed(EmbeddingRequest(texts: ["a", "b"])).inputTokens == 8)
        #expect(engine.requests.count == 2)
        #expect(engine.requests.first?.body.contains("embd_normalize") == false)
        let silent = FakeEngine { _ in FakeEngine.Step.json(#"{"data":[{"embedding":[1,0]}]}"#) }
        let other = try silent.model { $0.hasTokenizer = false }
        await #expect(throws: InferenceError.self) {
            _ = try await LlamaEmbedder(other, tokensMax: nil, identity: nil, cache: nil)
                .embed(EmbeddingRequest(texts: ["a"]))
        }
    }

    @Test func `scores become probabilities, and long documents lose their ends`() async throws {
        let engine = encoder()
        let reranker = LlamaReranker(try engine.model(), tokensMax: 30, givesProbabilities: false)
        let outcome = try await reranker.rerank(RerankRequest(query: "q", documents: ["a", "b"]))
        #expect(outcome.inputTokens == 11 && outcome.scores[1] == 0.5)
        #expect(abs(outcome.scores[0] - 0.8808) < 0.001)
        #expect(engine.requests.map(\.path) == ["/v1/rerank"])
        let long = String(repeating: "x", count: 40)
        _ = try await reranker.rerank(RerankRequest(query: "q", documents: ["a", long]))
        #expect(engine.requests.last?.body.contains(#""documents":["a","cut"]"#) == true)
        await #expect(throws: InferenceError.self) {
            _ = try await reranker.rerank(RerankRequest(query: long, documents: ["a", "b"]))
        }
        let ready = LlamaReranker(try engine.model(), tokensMax: nil, givesProbabilities: true)
        #expect(try await ready.rerank(RerankRequest(query: "q", documents: ["a", "b"])).scores == [2, 0])
    }

    @Test func `an engine that says nothing of its pooling is told one`() throws {
        var builder = GGUFBuilder()
        builder.values = [("general.architecture", .text("bert")), ("bert.context_length", .number(.uint32, 512))]
        var launch = EngineLaunch(modelPath: "/m", alias: "m", purpose: .embeddings, slotContextTokens: 8192)
        launch.read(try opened(builder))
        #expect(launch.slotContextTokens == 512 && launch.pooling == .last)
        builder.values.append(("bert.attention.causal", .number(.bool, 0)))
        launch.read(try opened(builder))
        #expect(launch.pooling == .mean)
        let arguments = launch.arguments(socket: "/s", physicalCores: 2)
        let text = arguments.joined(separator: " ")
        #expect(text.contains("--embeddings --pooling mean --batch-size 512 --ubatch-size 512"))
        #expect(text.contains("--ctx-size 512 ") && text.contains("--kv-unified"))
    }

    private func opened(_ builder: GGUFBuilder) throws -> GGUFFile {
        try ScratchFolder().open(builder)
    }
}
