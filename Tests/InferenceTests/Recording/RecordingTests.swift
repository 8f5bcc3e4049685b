import Inference
import Primitives
import ServiceModel
import Synchronization
import TestSupport
import Testing

private func asked(_ text: String, _ change: (inout ChatRequest) -> Void = { _ in }) -> ChatRequest {
    var request = ChatRequest(messages: [.init(role: .user, parts: [.text(text)])])
    change(&request)
    return request
}

private func said(by model: any ChatModel, _ request: ChatRequest) async throws -> (text: String, ChatOutcome) {
    let text = Mutex("")
    let outcome = try await model.chat(request) { event in
        if case .text(let piece) = event { text.withLock { $0 += piece + "|" } }
    }
    return (text.withLock { $0 }, outcome)
}

/// A change of a request that its fingerprint must tell.
private struct Change: Sendable {
    let name: String
    let apply: @Sendable (inout ChatRequest) -> Void
}

struct RecordingTests {
    private let folder: ScratchFolder
    private let path: String
    private let clock = ManualClock()

    init() throws {
        self.folder = try ScratchFolder.made()
        self.path = "\(self.folder.path)/tape.jsonl"
    }

    private func record(_ request: ChatRequest, model: String = "echo") async throws -> ChatOutcome {
        let recording = try Recording(path: self.path)
        let model = RecordingModel(EchoModel(), name: model, into: recording, clock: self.clock)
        return try await said(by: model, request).1
    }

    @Test func `an answer is given again with its pieces, its end and its tokens`() async throws {
        let request = asked("one two three") { $0.sampling.stopSequences = ["three"] }
        let outcome = try await self.record(request)
        let answer = try #require(try Recording(path: self.path).answer(RequestFingerprint(request, model: "echo")))
        let (text, replayed) = try await said(by: ReplayedModel(answer.answer), request)
        #expect(try await said(by: EchoModel(), request).text == text)
        #expect(outcome.stopReason == .stopSequence("three"))
        #expect(replayed.stopReason == outcome.stopReason)
        #expect(replayed.inputTokens == outcome.inputTokens && replayed.outputTokens == outcome.outputTokens)
    }

    @Test func `calls of tools are given again`() async throws {
        let tool = ChatRequest.Tool(name: "look", description: "", schema: .object(["type": .string("object")]))
        let request = asked("look") { $0.tools = [tool] }
        _ = try await self.record(request)
        let answer = try #require(try Recording(path: self.path).answer(RequestFingerprint(request, model: "echo")))
        guard case .toolCall(let call)? = answer.answer.pieces.first?.event else {
            Issue.record("there is no call")
            return
        }
        #expect(call.name == "look" && call.id == "echo_1" && answer.answer.outcome.stopReason == .toolCall)
    }

    @Test(
        arguments: [
            Change(name: "text") { $0.messages[0].parts = [.text("b")] },
            Change(name: "role") { $0.messages[0].role = .assistant },
            Change(name: "image") { $0.messages[0].parts.append(.image(format: "png", bytes: [1])) },
            Change(name: "result") { $0.messages[0].parts.append(.toolResult(callID: "1", text: "x")) },
            Change(name: "system") { $0.system = ["s"] },
            Change(name: "tool") { $0.tools = [.init(name: "t", description: "", schema: .object([]))] },
            Change(name: "choice") { $0.toolChoice = .any },
            Change(name: "tokens") { $0.sampling.tokensMax = 5 },
            Change(name: "temperature") { $0.sampling.temperature = 0.5 },
            Change(name: "seed") { $0.sampling.seed = 1 },
            Change(name: "stops") { $0.sampling.stopSequences = ["x"] },
            Change(name: "schema") { $0.answerSchema = .object([]) },
            Change(name: "reasoning") { $0.reasoning = .init(isOn: false) },
            Change(name: "cache") { $0.cachePoint = .init(message: nil) },
            Change(name: "raw") { $0.isRawPrompt = true },
        ] as [Change])
    private func `whatever decides an answer decides the fingerprint`(_ change: Change) {
        let plain = RequestFingerprint(asked("a"), model: "m")
        #expect(RequestFingerprint(asked("a", change.apply), model: "m") != plain, "\(change.name)")
    }

    @Test func `who asks and the order of a schema's members do not count, and the model does`() {
        let first = Document.object(["type": .string("object"), "properties": .object(["a": .null, "b": .null])])
        let second = Document.object(["properties": .object(["b": .null, "a": .null]), "type": .string("object")])
        let one = RequestFingerprint(asked("a") { $0.answerSchema = first }, model: "m")
        let other = asked("a") {
            $0.answerSchema = second
            $0.caller = "somebody"
        }
        #expect(RequestFingerprint(other, model: "m") == one)
        #expect(RequestFingerprint(other, model: "n") != one)
    }

    /// The same on every machine: a recording that was made elsewhere is found.
    @Test func `a fingerprint is what it always was`() {
        #expect(RequestFingerprint(asked("Hi"), model: "m").hex == "e7907ea92c1a78e50bdcb6099cea0b3e")
    }

    @Test func `a line that was being written is taken away by the next`() async throws {
        _ = try await self.record(asked("one"))
        let whole = try #require(try Disk.read(self.path, bytesMax: 1 << 20))
        _ = try self.folder.write(whole + whole.dropLast(9), "tape.jsonl")
        #expect(try Recording(path: self.path).count == 1)
        _ = try await self.record(asked("two"))
        #expect(try Recording(path: self.path).count == 2)
    }

    @Test func `a full recording says so, and the answer fails`() async throws {
        let recording = try Recording(path: self.path, fileBytesMax: 10)
        let model = RecordingModel(EchoModel(), name: "echo", into: recording, clock: self.clock)
        await #expect(
            throws: InferenceError.failed(
                "the answer could not be recorded: \(self.path) is full: a recording has 10 bytes")
        ) { try await said(by: model, asked("one")) }
        #expect(recording.count == 0)
    }

    @Test func `an answer that nobody waits for is not recorded`() async throws {
        struct Gone: Error {}
        let recording = try Recording(path: self.path)
        let model = RecordingModel(EchoModel(), name: "echo", into: recording, clock: self.clock)
        await #expect(throws: Gone.self) { try await model.chat(asked("one")) { _ in throw Gone() } }
        #expect(recording.count == 0 && Files.facts(self.path) == nil)
    }

    @Test(
        arguments: [
            ("nonsense", "it is no JSON"),
            (#"{"version": 2}"#, "its version is not 1, which is all that this Brume reads"),
            (#"{"version": 1}"#, "it has no request"),
            (#"{"version": 1, "request": {"model": "m"}}"#, "it has no answer"),
            (
                #"{"version": 1, "request": {"model": "m"}, "answer": [{}]}"#,
                "a piece of its answer is no text, reasoning or toolUse"
            ),
            (#"{"version": 1, "request": {"model": "m"}, "answer": []}"#, "it does not say why the answer stopped"),
            (
                #"{"version": 1, "request": {"model": "m"}, "answer": [], "stop": "x"}"#,
                "its stop is none that there is"
            ),
            (
                #"{"version": 1, "request": {"model": "m"}, "answer": [], "stop": "endOfTurn"}"#,
                "its usage has no inputTokens and outputTokens"
            ),
        ] as [(String, String)])
    func `a line that cannot be used is named`(line: String, reason: String) throws {
        let path = try self.folder.write(Array("\n\(line)\n".utf8), "bad.jsonl")
        do {
            _ = try Recording(path: path)
            Issue.record("it was taken")
        } catch {
            #expect(error.sentence == "line 2 of \(path) cannot be used: \(reason)")
        }
    }

    @Test func `a request that was changed by hand needs another fingerprint, or none`() async throws {
        _ = try await self.record(asked("one"))
        let bytes = try #require(try Disk.read(self.path, bytesMax: 1 << 20))
        let changed = String(decoding: bytes, as: UTF8.self).replacing("\"text\":\"one\"", with: "\"text\":\"two\"")
        let path = try self.folder.write(Array(changed.utf8), "changed.jsonl")
        #expect(throws: RecordingError.self) { try Recording(path: path) }
        let fingerprint = RequestFingerprint(asked("one"), model: "echo").hex
        let freed = changed.replacing("\"fingerprint\":\"\(fingerprint)\",", with: "")
        _ = try self.folder.write(Array(freed.utf8), "changed.jsonl")
        #expect(try Recording(path: path).answer(RequestFingerprint(asked("two"), model: "echo")) != nil)
    }
}
