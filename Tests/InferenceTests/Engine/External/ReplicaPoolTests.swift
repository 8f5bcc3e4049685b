import Inference
import ServiceModel
import Synchronization
import Testing

/// A server of a pool that does what a test says.
private final class FakeServer: ChatModel, EmbeddingModel {
    struct Behaviour: Sendable {
        /// Thrown at a connection.
        var connectFault: InferenceError?
        /// Thrown in an answer, behind so many pieces.
        var fault: InferenceError?
        var piecesBefore = 0
    }

    let name: String
    let behaviour = Mutex(Behaviour())
    let asked = Mutex(0)
    let connected = Mutex(0)

    init(_ name: String, _ change: (inout Behaviour) -> Void = { _ in }) {
        self.name = name
        self.behaviour.withLock { change(&$0) }
    }

    var askedCount: Int { self.asked.withLock { $0 } }

    var server: ReplicaPool.Server {
        ReplicaPool.Server(EngineEndpoint(address: .tcp(host: self.name, port: 80, isTLS: false))) {
            () throws(InferenceError) in
            self.connected.withLock { $0 += 1 }
            if let fault = self.behaviour.withLock({ $0.connectFault }) { throw fault }
            var engine = RunningEngine(model: self, slots: 2) {}
            engine.embedder = self
            return engine
        }
    }

    func countTokens(_ request: ChatRequest) async throws -> Int { 5 }

    func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        self.asked.withLock { $0 += 1 }
        let behaviour = self.behaviour.withLock { $0 }
        for _ in 0..<behaviour.piecesBefore { try await send(.text("piece ")) }
        if let fault = behaviour.fault { throw fault }
        try await send(.text(self.name))
        return ChatOutcome(stopReason: .endOfTurn, inputTokens: 1, outputTokens: 1)
    }

    func embed(_ request: EmbeddingRequest) async throws -> EmbeddingOutcome {
        self.asked.withLock { $0 += 1 }
        if let fault = self.behaviour.withLock({ $0.fault }) { throw fault }
        return EmbeddingOutcome(embeddings: request.texts.map { _ in Embedding(values: [1], tokens: 1) })
    }
}

struct ReplicaPoolTests {
    private let time = FakeTime()

    private func pool(_ servers: [FakeServer], slots: Int = 16) async throws -> ReplicaPool {
        let pool = ReplicaPool(servers.map(\.server), slots: slots, checksHealth: false, time: self.time.time)
        try await pool.open()
        return pool
    }

    /// What a request is answered; without a text of its own it has no beginning.
    private func said(by pool: ReplicaPool, _ text: String = "") async throws -> String {
        let answer = Mutex("")
        var request = ChatRequest(messages: [])
        if !text.isEmpty { request.messages = [.init(role: .user, parts: [.text(text)])] }
        _ = try await pool.chat(request) { event in
            if case .text(let piece) = event { answer.withLock { $0 += piece } }
        }
        return answer.withLock { $0 }
    }

    @Test func `conversations are spread, and stay where they are`() async throws {
        let pool = try await self.pool([FakeServer("a"), FakeServer("b")])
        var first: [String: String] = [:]
        for number in 0..<16 { first["text \(number)"] = try await self.said(by: pool, "text \(number)") }
        #expect(Set(first.values) == ["a", "b"])
        for (text, name) in first { #expect(try await self.said(by: pool, text) == name) }
        #expect(pool.outstanding == [0, 0])
    }

    @Test(
        arguments: [
            .unreached("x"), .failed("x"), .notReady("x"), .timedOut(seconds: 1), .refused(status: 401, sentence: "x"),
        ] as [InferenceError])
    func `what failed before its first word is asked of another server`(fault: InferenceError) async throws {
        let bad = FakeServer("bad")
        let pool = try await self.pool([bad, FakeServer("good")])
        bad.behaviour.withLock { $0.fault = fault }
        for number in 0..<20 { #expect(try await self.said(by: pool, "text \(number)") == "good") }
        // Three times in a row, then it is left alone.
        #expect(bad.askedCount == 3)
        self.time.advance(.seconds(2))
        bad.behaviour.withLock { $0.fault = nil }
        var names: Set<String> = []
        for number in 0..<20 { names.insert(try await self.said(by: pool, "text \(number)")) }
        #expect(names == ["bad", "good"])
    }

    @Test func `a server that is busy is well, and others are asked`() async throws {
        let busy = FakeServer("busy") { $0.fault = .busy }
        let pool = try await self.pool([busy, FakeServer("good")])
        for number in 0..<20 { #expect(try await self.said(by: pool, "text \(number)") == "good") }
        #expect(busy.askedCount > 3)
    }

    @Test func `a server that was left alone is asked again what it can do`() async throws {
        let bad = FakeServer("bad")
        let pool = try await self.pool([bad, FakeServer("good")])
        for number in 0..<20 { _ = try await self.said(by: pool, "text \(number)") }
        #expect(bad.connected.withLock { $0 } == 1)
        bad.behaviour.withLock { $0.fault = .failed("x") }
        for number in 0..<20 { _ = try await self.said(by: pool, "text \(number)") }
        bad.behaviour.withLock { $0.fault = nil }
        self.time.advance(.seconds(2))
        for number in 0..<20 { _ = try await self.said(by: pool, "text \(number)") }
        #expect(bad.connected.withLock { $0 } == 2)
    }

    @Test func `what failed after its first word is not asked again`() async throws {
        let servers = ["a", "b"].map { name in
            FakeServer(name) {
                $0.fault = .failed("cut")
                $0.piecesBefore = 2
            }
        }
        let pool = try await self.pool(servers)
        await #expect(throws: InferenceError.failed("cut")) { try await self.said(by: pool) }
        #expect(servers.reduce(0) { $0 + $1.askedCount } == 1 && pool.outstanding == [0, 0])
    }

    @Test(arguments: [.unsupported("x"), .contextExceeded(tokens: 2, tokensMax: 1)] as [InferenceError])
    func `what is wrong with a request is wrong everywhere`(fault: InferenceError) async throws {
        let servers = [FakeServer("a") { $0.fault = fault }, FakeServer("b") { $0.fault = fault }]
        let pool = try await self.pool(servers)
        for _ in 0..<5 { await #expect(throws: fault) { try await self.said(by: pool) } }
        #expect(servers.reduce(0) { $0 + $1.askedCount } == 5)
    }

    @Test func `the last error is told where all have failed, and three are asked at most`() async throws {
        let servers = (0..<5).map { FakeServer("s\($0)") { $0.fault = .failed("down") } }
        let pool = try await self.pool(servers)
        await #expect(throws: InferenceError.failed("down")) { try await self.said(by: pool) }
        #expect(servers.reduce(0) { $0 + $1.askedCount } == 3)
    }

    @Test func `a server that is not there holds nobody up, and joins when it is`() async throws {
        let late = FakeServer("late") { $0.connectFault = .unreached("x") }
        let pool = try await self.pool([late, FakeServer("here")])
        for number in 0..<20 { #expect(try await self.said(by: pool, "text \(number)") == "here") }
        late.behaviour.withLock { $0 = FakeServer.Behaviour() }
        self.time.advance(.seconds(60))
        var names: Set<String> = []
        for number in 0..<20 { names.insert(try await self.said(by: pool, "text \(number)")) }
        #expect(names == ["late", "here"])
    }

    @Test func `without any server the error names why`() async throws {
        let servers = ["a", "b"].map { name in FakeServer(name) { $0.connectFault = .failed("x") } }
        await #expect(throws: InferenceError.failed("x")) { try await self.pool(servers) }
        for server in servers { server.behaviour.withLock { $0.connectFault = nil } }
        let pool = try await self.pool(servers)
        for server in servers { server.behaviour.withLock { $0.fault = .unreached("gone") } }
        // As long as there is somebody to ask.
        for _ in 0..<4 { await #expect(throws: InferenceError.self) { try await self.said(by: pool) } }
        let sentence = "none of the model's servers answers. http://a:80: gone; http://b:80: gone"
        await #expect(throws: InferenceError.failed(sentence)) { try await self.said(by: pool) }
    }

    @Test func `a client that leaves is no failure of the server`() async throws {
        struct Gone: Error {}
        let server = FakeServer("a")
        let pool = try await self.pool([server])
        for _ in 0..<5 {
            await #expect(throws: Gone.self) {
                try await pool.chat(ChatRequest(messages: [])) { _ in throw Gone() }
            }
        }
        #expect(try await self.said(by: pool) == "a" && pool.outstanding == [0])
    }

    @Test func `texts are embedded by another server where one fails`() async throws {
        let pool = try await self.pool([FakeServer("a") { $0.fault = .failed("x") }, FakeServer("b")])
        for _ in 0..<8 {
            #expect(try await pool.embed(EmbeddingRequest(texts: ["x"])).embeddings.map(\.values) == [[1]])
        }
        await #expect(throws: InferenceError.unsupported("The model ranks nothing.")) {
            try await pool.rerank(RerankRequest(query: "x", documents: ["y"]))
        }
    }
}
