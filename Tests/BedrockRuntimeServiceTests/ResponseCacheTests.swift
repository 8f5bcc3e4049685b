import BedrockRuntimeModel
import BedrockRuntimeService
import Inference
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Synchronization
import Telemetry
import Testing

/// A model that says another number each time.
private final class CountingModel: ChatModel, IdentifiedModel {
    private let count = Mutex(0)
    let build: String?

    init(build: String? = "1") {
        self.build = build
    }

    func countTokens(_ request: ChatRequest) async throws -> Int { 3 }

    func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        let number = self.count.withLock { count in
            count += 1
            return count
        }
        try await send(.text("answer "))
        try await send(.text("\(number)"))
        return ChatOutcome(stopReason: .endOfTurn, inputTokens: 3, outputTokens: 2)
    }

    func identity() async throws -> String? { self.build }
}

private func context(_ user: String = "ana") throws -> RequestContext {
    let account = try #require(AccountID("123456789012"))
    let principal = Principal(
        kind: .root, account: account, arn: "arn:aws:iam::123456789012:user/\(user)", userID: user,
        accessKeyID: "A")
    return RequestContext(
        requestID: .uuid(SystemRandomSource()), principal: principal, region: .standard,
        time: Timestamp(secondsSinceEpoch: 0), sourceAddress: "127.0.0.1", isTLS: false, userAgent: "", host: "")
}

private struct Fixture {
    let store = MemoryStore()
    let model: CountingModel
    var bytesMax = 1 << 20

    init(_ model: CountingModel = CountingModel()) {
        self.model = model
    }

    var service: BedrockRuntimeService {
        BedrockRuntimeService(
            catalog: ModelCatalog(models: ["m": self.model]), clock: ManualClock(), telemetry: MetricHistory(),
            responses: ResponseCache(store: self.store, bytesMax: self.bytesMax))
    }

    /// What the model said, asked through a service over the fixture's store.
    ///
    /// Not inlined: Swift 6.3.1 crashes over a test that holds it several times, optimised.
    @inline(never)
    func said(
        _ service: BedrockRuntimeService, _ text: String = "hi", temperature: Double? = 0, user: String = "ana"
    ) async throws -> String {
        var request = ConverseRequest(modelID: "m", messages: [Message(role: .user, content: [.text(text)])])
        request.inferenceConfig = InferenceConfiguration(temperature: temperature)
        let response = try await service.converse(request, try context(user))
        #expect(response.usage.inputTokens == 3 && response.usage.outputTokens == 2)
        guard case .message(let message) = response.output, case .text(let said)? = message.content.first else {
            return ""
        }
        return said
    }
}

struct ResponseCacheTests {
    @Test func `the same request has the same answer, also after a restart`() async throws {
        let fixture = Fixture()
        let service = fixture.service
        #expect(try await fixture.said(service) == "answer 1")
        #expect(try await fixture.said(service) == "answer 1")
        #expect(try await fixture.said(fixture.service) == "answer 1")
    }

    @Test func `another text, caller, or chance is another request`() async throws {
        let fixture = Fixture()
        let service = fixture.service
        #expect(try await fixture.said(service) == "answer 1")
        #expect(try await fixture.said(service, "ho") == "answer 2")
        #expect(try await fixture.said(service, user: "ben") == "answer 3")
        #expect(try await fixture.said(service, temperature: 0.5) == "answer 4")
        #expect(try await fixture.said(service, temperature: nil) == "answer 5")
        #expect(try await fixture.said(service) == "answer 1")
    }

    @Test func `a model that nobody can tell from others is asked each time`() async throws {
        let fixture = Fixture(CountingModel(build: nil))
        let service = fixture.service
        #expect(try await fixture.said(service) == "answer 1")
        #expect(try await fixture.said(service) == "answer 2")
    }

    @Test func `what was used for longest goes when the room is full`() async throws {
        var fixture = Fixture()
        // Room for two answers of this length.
        fixture.bytesMax = 600
        let service = fixture.service
        #expect(try await fixture.said(service, "a") == "answer 1")
        #expect(try await fixture.said(service, "b") == "answer 2")
        #expect(try await fixture.said(service, "a") == "answer 1")
        #expect(try await fixture.said(service, "c") == "answer 3")
        #expect(try await fixture.said(service, "a") == "answer 1")
        #expect(try await fixture.said(service, "b") == "answer 4")
        let page = try await fixture.store.scan(.all, limit: 10, byteLimit: 1 << 20, reverse: false)
        #expect(page.entries.count == 2)
    }

    @Test func `nothing is kept before the store could be listed, so that old answers count too`() async throws {
        let fixture = Fixture()
        let before = fixture.service
        #expect(try await fixture.said(before, "a") == "answer 1")
        #expect(try await fixture.said(before, "b") == "answer 2")
        let store = UnlistedStore(fixture.store)
        // Room for two answers of this length.
        let responses = ResponseCache(store: store, bytesMax: 600)
        let service = BedrockRuntimeService(
            catalog: ModelCatalog(models: ["m": fixture.model]), clock: ManualClock(), telemetry: MetricHistory(),
            responses: responses)
        #expect(try await fixture.said(service, "c") == "answer 3")
        store.allowScans()
        #expect(try await fixture.said(service, "c") == "answer 4")
        #expect(await responses.counts.entries == 2)
        let page = try await fixture.store.scan(.all, limit: 10, byteLimit: 1 << 20, reverse: false)
        #expect(page.entries.count == 2)
    }

    @Test func `every part of a request counts`() {
        func digest(_ change: (inout ChatRequest) -> Void = { _ in }) -> [UInt8] {
            var request = ChatRequest(messages: [.init(role: .user, parts: [.text("a")])])
            change(&request)
            return RequestFingerprint.digest(request, identity: "m", owner: "o")
        }
        let digests: [[UInt8]] = [
            digest(), digest { $0.system = ["a"] }, digest { $0.messages[0].role = .assistant },
            digest { $0.messages[0].parts = [.reasoning("a")] },
            digest { $0.messages[0].parts = [.image(format: "png", bytes: [1])] },
            digest { $0.messages[0].parts = [.image(format: "png", bytes: [2])] },
            digest { $0.tools = [.init(name: "t", description: "", schema: .null)] },
            digest { $0.tools = [.init(name: "t", description: "", schema: .null, isStrict: true)] },
            digest { $0.toolChoice = .any }, digest { $0.toolChoice = .named("t") },
            digest { $0.sampling.tokensMax = 1 }, digest { $0.sampling.temperature = 0 },
            digest { $0.sampling.topP = 0 }, digest { $0.sampling.topK = 0 }, digest { $0.sampling.minP = 0 },
            digest { $0.sampling.presencePenalty = 0 }, digest { $0.sampling.frequencyPenalty = 0 },
            digest { $0.sampling.seed = 0 }, digest { $0.sampling.stopSequences = ["a"] },
            digest { $0.answerSchema = .boolean(true) }, digest { $0.reasoning = .init(isOn: true) },
            digest { $0.reasoning = .init(isOn: true, effort: "low") },
            digest { $0.cachePoint = .init(message: nil) }, digest { $0.isRawPrompt = true },
            RequestFingerprint.digest(ChatRequest(messages: []), identity: "n", owner: "o"),
            RequestFingerprint.digest(ChatRequest(messages: []), identity: "n", owner: "p"),
        ]
        #expect(Set(digests).count == digests.count)
        #expect(digest { $0.caller = "x" } == digest())
    }
}
