import BedrockRuntimeModel
import BedrockRuntimeService
import Inference
import Primitives
import ServiceKit
import ServiceModel
import Telemetry
import Testing

/// All ids are answered by the built-in model, which embeds and ranks by words.
private func service(_ rules: [ModelRule] = []) -> BedrockRuntimeService {
    BedrockRuntimeService(
        catalog: ModelCatalog(aliases: [.init(pattern: "*", model: EchoModel.name)]), clock: ManualClock(),
        telemetry: MetricHistory(), rules: rules)
}

private func answer(_ id: String, _ body: String) async throws(ServiceError) -> String {
    let response = try await service().invokeModel(
        InvokeModelRequest(body: Array(body.utf8), modelID: id), caller)
    return String(decoding: response.body, as: UTF8.self)
}

private func refusal(_ id: String, _ body: String) async -> String {
    do throws(ServiceError) {
        return "answered: " + (try await answer(id, body)).prefix(100)
    } catch {
        return error.code == "ValidationException" && error.status == 400 ? error.message : "\(error)"
    }
}

private let titan = "amazon.titan-embed-text-v2:0"
private let cohere = "cohere.embed-english-v3"
private let rerank = "cohere.rerank-v3-5:0"

private func malformed(_ finding: String) -> String {
    "Malformed input request: \(finding), please reformat your input and try again."
}

struct VectorsTests {
    @Test(
        arguments: [
            (titan, #"{"inputText":"a"}"#, 1024), (titan, #"{"inputText":"a","dimensions":512}"#, 512),
            ("amazon.titan-embed-text-v1", #"{"inputText":"a"}"#, 1536),
            ("amazon.titan-embed-image-v1", #"{"inputText":"a","embeddingConfig":{"outputEmbeddingLength":256}}"#, 256),
            (cohere, #"{"texts":["a"],"input_type":"search_query"}"#, 1024),
            ("cohere.embed-v4:0", #"{"texts":["a"],"input_type":"search_query"}"#, 1536),
            (
                "amazon.nova-2-multimodal-embeddings-v1:0",
                #"{"taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{"embeddingPurpose":"CLUSTERING","#
                    + #""text":{"truncationMode":"NONE","value":"a"}}}"#, 3072
            ),
        ] as [(String, String, Int)])
    func `each family has its own form and number of dimensions`(_ id: String, _ body: String, _ count: Int)
        async throws
    {
        let text = try await answer(id, body)
        let numbers = try #require(text.firstMatch(of: #/\[(-?[0-9][^\[\]]*)\]/#)).1
        #expect(numbers.split(separator: ",").count == count)
    }

    @Test func `the text of the limit is taken, and one character more is not`() async {
        func body(_ count: Int) -> String { #"{"inputText":"\#(String(repeating: "a", count: count))"}"# }
        #expect(await refusal(titan, body(50_000)).hasPrefix("answered"))
        #expect(await refusal(titan, body(50_001)) == malformed("expected maxLength: 50000, actual: 50001"))
        #expect(await refusal(titan, body(0)) == malformed("expected minLength: 1, actual: 0"))
        let words = String(repeating: "a ", count: 8193)
        #expect(
            await refusal(titan, #"{"inputText":"\#(words)"}"#)
                == "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 8194 ")
    }

    @Test(
        arguments: [
            (titan, "[]", "Malformed input request, please reformat your input and try again."),
            (titan, "{}", malformed("#: required key [inputText] not found")),
            (titan, #"{"inputText":7}"#, malformed("#/inputText: expected type: String, found: Integer")),
            (
                titan, #"{"inputText":"a","embeddingTypes":["int8"]}"#,
                malformed("#/embeddingTypes/0: int8 is not a valid enum value")
            ),
            (
                titan, #"{"inputText":"a","normalize":"no"}"#,
                malformed("#/normalize: expected type: Boolean, found: String")
            ),
            (
                cohere, #"{"inputText":"a"}"#,
                malformed(
                    "#: required key [texts] not found#: required key [input_type] not found#: extraneous key "
                        + "[inputText] is not permitted")
            ),
            (
                cohere, #"{"texts":[],"input_type":"clustering"}"#,
                malformed("#/texts: expected minimum item count: 1, found: 0")
            ),
            (
                cohere, #"{"texts":["a"],"input_type":"clustering","truncate":"LEFT"}"#,
                malformed("#/truncate: LEFT is not a valid enum value")
            ),
            (
                "amazon.nova-2-multimodal-embeddings-v1:0",
                #"{"taskType":"SEGMENTED_EMBEDDING","singleEmbeddingParams":{"embeddingPurpose":"CLUSTERING"}}"#,
                malformed("#/taskType: SEGMENTED_EMBEDDING is not a valid enum value")
            ),
            (rerank, #"{"query":"a","api_version":2}"#, malformed("#: required key [documents] not found")),
            (
                rerank, #"{"query":"a","documents":["b"],"api_version":1}"#,
                malformed("#/api_version: 1 is not greater or equal to 2")
            ),
            (
                rerank, #"{"query":"a","documents":["b"],"api_version":2,"top_n":0}"#,
                malformed("#/top_n: 0 is not greater or equal to 1")
            ),
        ] as [(String, String, String)])
    func `what is wrong with a body is told in AWS's words`(_ id: String, _ body: String, _ message: String) async {
        #expect(await refusal(id, body) == message)
    }

    @Test(arguments: [96, 97])
    func `ninety-six texts are taken, and one more is not`(_ count: Int) async {
        let texts = Array(repeating: #""a""#, count: count).joined(separator: ",")
        let told = await refusal(cohere, #"{"texts":[\#(texts)],"input_type":"clustering"}"#)
        #expect(count == 96 ? told.hasPrefix("answered") : told.contains("expected maximum item count: 96, found: 97"))
    }

    @Test func `the best document comes first, and of equal ones the earlier`() async throws {
        let body = #"{"query":"the dog","documents":["a cat","the dog","a king"],"top_n":2,"api_version":2}"#
        let text = try await answer(rerank, body)
        let indices = text.matches(of: #/"index":(\d)/#).map { String($0.1) }
        #expect(indices == ["1", "0"])
    }

    @Test(arguments: ["hello", "cat", "the cat sat"])
    func `the built-in model's shortened vectors have a length`(_ word: String) async throws {
        let text = try await answer(titan, #"{"inputText":"\#(word)","dimensions":256}"#)
        let numbers = try #require(text.firstMatch(of: #/"embedding":\[([^\]]*)\]/#)).1
        #expect(numbers.contains { ("1"..."9").contains($0) })
    }

    @Test func `an embedding is metered by its tokens, and has no stream and no conversation`() async throws {
        let history = MetricHistory()
        let service = BedrockRuntimeService(
            catalog: ModelCatalog(aliases: [.init(pattern: "*", model: EchoModel.name)]), clock: ManualClock(),
            telemetry: history)
        let body = Array(#"{"inputText":"three short words"}"#.utf8)
        _ = try await service.invokeModel(InvokeModelRequest(body: body, modelID: titan), caller)
        let text = history.exposition()
        let tokens = text.firstMatch(of: #/input_token_count_sum\{[^}]*\} ([0-9.]+)/#)?.1
        #expect(tokens.flatMap { Double($0) } == 3)
        await #expect(throws: ServiceError.self) {
            _ = try await service.invokeModelWithResponseStream(
                InvokeModelWithResponseStreamRequest(body: body, modelID: titan), caller)
        }
    }

    @Test func `a rule's error meets texts too, and its reply does not`() async throws {
        let text =
            #"{"rules":[{"name":"busy","prompt":"alarm","error":{"code":"ThrottlingException"}},"#
            + #"{"name":"said","reply":"hello"}]}"#
        let rules = try ModelRule.rules(json: Array(text.utf8))
        let service = service(rules)
        let fine = Array(#"{"inputText":"calm"}"#.utf8)
        #expect(try await service.invokeModel(InvokeModelRequest(body: fine, modelID: titan), caller).body.count > 99)
        let error = await #expect(throws: ServiceError.self) {
            let alarm = Array(#"{"inputText":"alarm now"}"#.utf8)
            _ = try await service.invokeModel(InvokeModelRequest(body: alarm, modelID: titan), caller)
        }
        #expect(error?.code == "ThrottlingException")
    }
}
