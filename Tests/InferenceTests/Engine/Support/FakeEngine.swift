import Inference
import Primitives
import ServiceModel
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An engine that says what a test tells it to, over a real Unix socket.
final class FakeEngine: Sendable {
    /// What is done with one request, step by step.
    enum Step: Sendable {
        case send(String)
        /// Waits until the client has closed the connection; counts it in `hangUpCount`.
        case awaitHangUp
        /// Waits until the test opens the gate.
        case gate
        /// Closes without an end of the body.
        case cut
    }

    struct Request: Sendable {
        let path: String
        let body: String
    }

    private struct State {
        var requests: [Request] = []
        var hangUpCount = 0
        var openCount = 0
        var openCountMax = 0
        var isGateOpen = false
        var isClosed = false
    }

    let path: String
    private let listener: Int32
    private let answer: @Sendable (Request) -> [Step]
    private let state = Mutex(State())

    /// - Parameter answer: the steps of an answer, its head included: see `stream` and `json`.
    init(answer: @escaping @Sendable (Request) -> [Step]) {
        self.path = "/tmp/brume-fake-\(Hex.encode(SystemRandomSource().bytes(6)))"
        self.answer = answer
        self.listener = Self.listen(self.path)
        let listener = self.listener
        BlockingThread.start("fake") { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                guard let engine = self else {
                    shutdown(connection, Int32(SHUT_RDWR))
                    return
                }
                BlockingThread.start("fake-request") { engine.serve(connection) }
            }
        }
    }

    deinit { self.close(self.listener) }

    private func close(_ listener: Int32) {
        shutdown(listener, Int32(SHUT_RDWR))
        _ = unsafe unlink(self.path)
    }

    /// Nobody is answered any more, as after a crash.
    func end() { self.close(self.listener) }

    func openGate() { self.state.withLock { $0.isGateOpen = true } }

    var requests: [Request] { self.state.withLock { $0.requests } }
    var hangUpCount: Int { self.state.withLock { $0.hangUpCount } }
    var openCount: Int { self.state.withLock { $0.openCount } }
    var openCountMax: Int { self.state.withLock { $0.openCountMax } }

    /// Waits for what another thread does; a test that waits in vain fails by its time limit.
    func until(_ condition: @Sendable () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }

    var client: EngineClient {
        get throws { try EngineClient(EngineEndpoint(address: .unix(path: self.path))) }
    }

    /// A chat model behind this engine.
    func model(
        caching: PromptCaching = .shared, _ change: (inout EngineCapabilities) -> Void = { _ in }
    ) throws -> LlamaServerModel {
        var capabilities = EngineCapabilities()
        capabilities.isLlamaServer = true
        capabilities.hasTemplates = true
        capabilities.hasTokenizer = true
        capabilities.hasGrammars = true
        change(&capabilities)
        return LlamaServerModel(
            client: try self.client, name: "fake", capabilities: capabilities, random: SystemRandomSource(),
            caching: caching)
    }

    private static func listen(_ path: String) -> Int32 {
        #if canImport(Glibc)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            for (index, byte) in path.utf8.enumerated() { unsafe buffer[index] = byte }
        }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, size) }
        }
        precondition(status == 0 && Glibc.listen(descriptor, 64) == 0, "the socket is the test's own")
        return descriptor
    }

    private func serve(_ connection: Int32) {
        defer { Glibc.close(connection) }
        guard let request = Self.read(connection) else { return }
        self.state.withLock { state in
            state.requests.append(request)
            state.openCount += 1
            state.openCountMax = max(state.openCountMax, state.openCount)
        }
        defer { self.state.withLock { $0.openCount -= 1 } }
        for step in self.answer(request) {
            switch step {
            case .send(let text):
                let bytes = Array(text.utf8)
                _ = unsafe bytes.withUnsafeBytes {
                    unsafe send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
            case .cut: return
            case .gate: while !self.state.withLock({ $0.isGateOpen }) { BlockingThread.sleep(milliseconds: 2) }
            case .awaitHangUp:
                var byte: UInt8 = 0
                _ = unsafe recv(connection, &byte, 1, 0)
                self.state.withLock { $0.hangUpCount += 1 }
                return
            }
        }
    }

    private static func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let head = text[..<end.lowerBound]
                let length =
                    head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.split(separator: ":")[1].trimmingPrefix(" ")) } ?? 0
                let body = text[end.upperBound...]
                if body.utf8.count >= length {
                    return Request(path: String(head.split(separator: " ")[1]), body: String(body))
                }
            }
            let count = unsafe piece.withUnsafeMutableBytes { unsafe recv(connection, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return nil }
            bytes += piece[..<count]
        }
    }
}

extension FakeEngine.Step {
    static let streamHead = Self.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    static let streamEnd = Self.send("0\r\n\r\n")

    static func chunk(_ text: String) -> Self {
        .send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
    }

    static func event(_ json: String) -> Self { .chunk("data: \(json)\n\n") }

    static func text(_ text: String) -> Self {
        .event(#"{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"\#(text)"}}]}"#)
    }

    static func json(_ body: String, status: Int = 200) -> [Self] {
        [.send("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")]
    }

    /// The end of a chat's stream: why, and how many tokens.
    static func finish(_ reason: String, prompt: Int = 7, completion: Int = 3, cached: Int = 2) -> [Self] {
        [
            .event(#"{"choices":[{"finish_reason":"\#(reason)","index":0,"delta":{}}]}"#),
            .event(
                #"{"choices":[],"usage":{"prompt_tokens":\#(prompt),"completion_tokens":\#(completion),"#
                    + #""prompt_tokens_details":{"cached_tokens":\#(cached)}}}"#),
            .event("[DONE]"), .streamEnd,
        ]
    }
}

/// What a model said, gathered.
struct Said: Sendable {
    var text = ""
    var reasoning = ""
    var calls: [ToolCall] = []
    var outcome: ChatOutcome?
}

/// Asks a model and gathers what it says.
func ask(_ model: any ChatModel, _ text: String = "hi", _ change: (inout ChatRequest) -> Void = { _ in }) async throws
    -> Said
{
    var request = ChatRequest(messages: [.init(role: .user, parts: [.text(text)])])
    change(&request)
    let said = Mutex(Said())
    let outcome = try await model.chat(request) { event in
        said.withLock { said in
            switch event {
            case .text(let piece): said.text += piece
            case .reasoning(let piece): said.reasoning += piece
            case .toolCall(let call): said.calls.append(call)
            }
        }
    }
    var result = said.withLock { $0 }
    result.outcome = outcome
    return result
}
