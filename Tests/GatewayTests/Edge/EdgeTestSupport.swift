import Gateway
import NIOCore
import NIOPosix
import Primitives
import Synchronization

/// Answers requests with a closure.
struct ClosureResponder: EdgeResponder {
    let decide: @Sendable (RequestHead, ConnectionInfo, LoopContext) -> RequestPlan

    init(_ decide: @escaping @Sendable (RequestHead, ConnectionInfo, LoopContext) -> RequestPlan) {
        self.decide = decide
    }

    func plan(_ head: RequestHead, connection: ConnectionInfo, on loop: LoopContext) -> RequestPlan {
        self.decide(head, connection, loop)
    }

    /// Answers with the method, the path, the query and the body, so that a test sees what arrived.
    static let echo = ClosureResponder { head, _, _ in
        .collect(limitBytes: 1024 * 1024) { body in
            let seen = "\(head.method) \(head.path)?\(head.query)"
            return EdgeResponse(status: 200, headers: ["X-Seen": seen], body: .bytes(body))
        }
    }

    /// Answers once the operation is cancelled, and notes that it was.
    static func untilCancelled(_ isCancelled: Shared<Bool>) -> ClosureResponder {
        ClosureResponder { _, _, _ in
            .collect(limitBytes: 0) { _ in
                let gate = Gate()
                await withTaskCancellationHandler {
                    await gate.wait()
                } onCancel: {
                    gate.open()
                }
                isCancelled.change { $0 = true }
                return EdgeResponse(status: 200)
            }
        }
    }
}

/// Runs a test's body against a listener on a free port, and ends the listener.
@discardableResult
func withListener<Result: Sendable>(
    _ responder: any EdgeResponder = ClosureResponder.echo, limits: EdgeLimits = EdgeLimits(), loopCount: Int = 1,
    host: String = "127.0.0.1", certificates: CertificateStore? = nil, allowsPlaintext: Bool = true,
    _ body: (EdgeListener) async throws -> Result
) async throws -> Result {
    let listener = try await EdgeListener.start(
        EdgeConfiguration(
            hosts: [host], port: 0, loopCount: loopCount, certificates: certificates, allowsPlaintext: allowsPlaintext,
            limits: limits),
        responder: responder)
    do {
        let result = try await body(listener)
        _ = await listener.drain(deadline: .zero)
        await listener.shutDown()
        return result
    } catch {
        _ = await listener.drain(deadline: .zero)
        await listener.shutDown()
        throw error
    }
}

/// Sends and receives raw bytes over TCP; keeps everything that came.
final class RawClient: Sendable {
    /// A test that waits longer than this has failed.
    static let patience: TimeAmount = .seconds(20)

    private struct State {
        var bytes: [UInt8] = []
        var isClosed = false
        var waiter: (isDone: @Sendable ([UInt8]) -> Bool, continuation: CheckedContinuation<Bool, Never>)?
    }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let client: RawClient
        let greeting: [UInt8]

        init(_ client: RawClient, greeting: [UInt8]) {
            self.client = client
            self.greeting = greeting
        }

        func channelActive(context: ChannelHandlerContext) {
            context.writeAndFlush(NIOAny(ByteBuffer(bytes: self.greeting)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(self.unwrapInboundIn(data).readableBytesView)
            self.client.update { $0.bytes += bytes }
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.client.update { $0.isClosed = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    private let state = Mutex(State())
    private let channel = Mutex<(any Channel)?>(nil)

    /// Connects; `greeting` is sent as soon as the connection stands, however busy the test's own threads are.
    static func connect(port: Int, sending greeting: String = "") async throws -> RawClient {
        let client = RawClient()
        let bytes = Array(greeting.utf8)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in channel.pipeline.addHandler(Collector(client, greeting: bytes)) }
            .connect(host: "127.0.0.1", port: port).get()
        client.channel.withLock { $0 = channel }
        return client
    }

    /// The handler that feeds this client, for a pipeline of the test's own.
    func makeCollector() -> some ChannelHandler & Sendable {
        Collector(self, greeting: [])
    }

    private func update(_ change: (inout State) -> Void) {
        let waiter = self.state.withLock { state in
            change(&state)
            guard let waiter = state.waiter, state.isClosed || waiter.isDone(state.bytes) else {
                return CheckedContinuation<Bool, Never>?.none
            }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume(returning: true)
    }

    func send(_ text: String) async throws {
        try await self.send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        guard let channel = self.channel.withLock({ $0 }) else { return }
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// All bytes so far, once they satisfy the condition or the server has closed.
    /// - Returns: nil when neither happened in time.
    func receive(until isDone: @escaping @Sendable ([UInt8]) -> Bool) async -> [UInt8]? {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let timer = loop.scheduleTask(in: Self.patience) {
            let waiter = self.state.withLock { $0.waiter.take() }
            waiter?.continuation.resume(returning: false)
        }
        let isInTime = await withCheckedContinuation { continuation in
            let isDoneNow = self.state.withLock { state in
                if state.isClosed || isDone(state.bytes) { return true }
                state.waiter = (isDone, continuation)
                return false
            }
            if isDoneNow { continuation.resume(returning: true) }
        }
        timer.cancel()
        return isInTime ? self.state.withLock { $0.bytes } : nil
    }

    /// Everything up to the server's close, or nil when it does not close.
    func receiveAll() async -> String? {
        let bytes = await self.receive { _ in false }
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The next `count` whole responses.
    func responses(_ count: Int, toHead: Bool = false) async -> [RawResponse]? {
        let bytes = await self.receive { RawResponse.parse($0, toHead: toHead).count >= count }
        return bytes.map { RawResponse.parse($0, toHead: toHead) }
    }

    /// Ends this side; the server may still answer.
    func endSending() async throws {
        try await self.channel.withLock { $0 }?.close(mode: .output).get()
    }

    var isClosed: Bool { self.state.withLock { $0.isClosed } }

    func close() {
        self.channel.withLock { $0 }?.close(promise: nil)
    }

    /// One request on a connection of its own: as good as a pause, and it shows that the loop goes on.
    static func roundTrip(port: Int) async throws {
        _ = try await self.converse(port: port, "GET /round-trip HTTP/1.0\r\n\r\n")
    }

    /// One connection, these bytes, and everything that comes back until the server closes.
    static func converse(port: Int, _ text: String) async throws -> String? {
        let client = try await self.connect(port: port, sending: text)
        defer { client.close() }
        return await client.receiveAll()
    }
}

/// A response as it stands in the bytes of an HTTP/1.1 connection.
struct RawResponse: Sendable, Equatable {
    var status: Int
    var headers: HeaderFields
    var body: [UInt8]

    var text: String { String(decoding: self.body, as: UTF8.self) }

    /// The whole responses at the front of the bytes; interim ones (1xx) count too.
    static func parse(_ bytes: [UInt8], toHead: Bool = false) -> [RawResponse] {
        var responses: [RawResponse] = []
        var rest = bytes[...]
        while let (response, end) = self.first(rest, toHead: toHead) {
            responses.append(response)
            rest = rest[end...]
        }
        return responses
    }

    /// The first response and its end. Of a slice, since it is called with each piece of a large answer.
    private static func first(_ bytes: ArraySlice<UInt8>, toHead: Bool) -> (RawResponse, Int)? {
        guard let headEnd = self.find([13, 10, 13, 10], in: bytes, from: bytes.startIndex) else { return nil }
        let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "\r\n" })
        let parts = lines[0].split(separator: " ")
        guard parts.count > 1, parts[0] == "HTTP/1.1", let status = Int(parts[1]) else { return nil }
        var headers = HeaderFields()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            headers.append(String(line[..<colon]), String(line[line.index(colon, offsetBy: 2)...]))
        }
        var response = RawResponse(status: status, headers: headers, body: [])
        var index = headEnd + 4
        if toHead || status < 200 || status == 204 || status == 304 { return (response, index) }
        if headers.first("Transfer-Encoding") == "chunked" {
            while let lineEnd = self.find([13, 10], in: bytes, from: index) {
                guard let size = Int(String(decoding: bytes[index..<lineEnd], as: UTF8.self), radix: 16),
                    bytes.endIndex >= lineEnd + 2 + size + 2
                else { return nil }
                response.body += bytes[(lineEnd + 2)..<(lineEnd + 2 + size)]
                index = lineEnd + 2 + size + 2
                if size == 0 { return (response, index) }
            }
            return nil
        }
        guard let length = headers.first("Content-Length").flatMap({ Int($0) }), bytes.endIndex >= index + length
        else { return nil }
        response.body = Array(bytes[index..<(index + length)])
        return (response, index + length)
    }

    private static func find(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>, from start: Int) -> Int? {
        guard bytes.endIndex >= start + pattern.count else { return nil }
        return (start...(bytes.endIndex - pattern.count)).first {
            bytes[$0..<($0 + pattern.count)].elementsEqual(pattern)
        }
    }
}

/// Lets a test hold an operation until it says so.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiters = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// How many wait.
    var count: Int { self.state.withLock { $0.waiters.count } }

    /// Lets the one go that came first.
    func letOneGo() {
        let first = self.state.withLock { $0.waiters.isEmpty ? nil : $0.waiters.removeFirst() }
        first?.resume()
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// A value that tests and handlers share.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) {
        self.value = Mutex(value)
    }

    var current: Value { self.value.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) {
        self.value.withLock { body(&$0) }
    }
}

/// Polls a condition that another thread brings about.
/// - Returns: false when it did not hold in time.
func eventually(_ condition: @Sendable () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(20)
    while !condition() {
        if ContinuousClock.now > deadline { return false }
        await Task.yield()
    }
    return true
}

/// A client that sends and never reads.
final class SilentReader: Sendable {
    private let channel: any Channel

    private init(_ channel: any Channel) {
        self.channel = channel
    }

    static func connect(port: Int) async throws -> SilentReader {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: port).get()
        return SilentReader(channel)
    }

    func send(_ text: String) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    func close() {
        self.channel.close(promise: nil)
    }
}
