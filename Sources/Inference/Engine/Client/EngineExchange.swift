internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// One request on its way to the connection's handler.
struct EngineRequest: Sendable {
    let head: HTTPRequestHead
    let body: [UInt8]?
}

/// An answer that comes in on an event loop and is read by one task, wherever that runs.
final class EngineExchange: Sendable {
    /// Bytes that wait for the reading task; with more the connection is not read.
    static let waitingBytesMax = 256 << 10

    private struct State {
        var status: Int?
        var bytes: [UInt8] = []
        /// Whether the answer is over, and how.
        var end: Result<Void, EngineClientError>?
        /// Resumed by the next thing that happens.
        var waiter: CheckedContinuation<Void, Never>?
        var channel: (any Channel)?
        var isReading = true
    }

    private let state = Mutex(State())
    let silenceSeconds: Int

    init(silenceSeconds: Int) {
        self.silenceSeconds = silenceSeconds
    }

    func begin(on channel: any Channel) {
        let isOver = self.state.withLock { state in
            state.channel = channel
            return state.end != nil
        }
        if isOver { channel.close(promise: nil) }
    }

    /// Waits for the status of the answer.
    func head() async throws(EngineClientError) -> Int {
        while true {
            let found: Result<Int?, EngineClientError> = self.state.withLock { state in
                if let status = state.status { return .success(status) }
                switch state.end {
                case .failure(let error)?: return .failure(error)
                case .success?: return .failure(.cutOff)
                case nil: return .success(nil)
                }
            }
            if let status = try found.get() { return status }
            await self.wait()
        }
    }

    /// The next bytes; nil at the end.
    func next() async throws(EngineClientError) -> [UInt8]? {
        while true {
            let (found, resumes) = self.state.withLock {
                state -> (Result<[UInt8]?, EngineClientError>?, (any Channel)?) in
                guard state.bytes.isEmpty else {
                    let bytes = state.bytes
                    state.bytes = []
                    let resumes = state.isReading ? nil : state.channel
                    state.isReading = true
                    return (.success(bytes), resumes)
                }
                switch state.end {
                case .failure(let error)?: return (.failure(error), nil)
                case .success?: return (.success(nil), nil)
                case nil: return (nil, nil)
                }
            }
            resumes?.setOption(ChannelOptions.autoRead, value: true).whenFailure { _ in
                // The channel is closed, which its handler tells.
            }
            if let found { return try found.get() }
            await self.wait()
        }
    }

    /// Until something happens, or the task is cancelled.
    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = self.state.withLock { state in
                    guard state.bytes.isEmpty, state.end == nil else { return true }
                    state.waiter = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            self.finish(.failure(.cancelled))
        }
    }

    func close() { self.finish(.failure(.cancelled)) }

    // What the handler tells.

    func receive(status: Int) {
        let waiter = self.state.withLock { state in
            state.status = status
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// - Returns: whether there is room for more.
    func receive(_ piece: ByteBuffer) -> Bool {
        let (waiter, hasRoom) = self.state.withLock { state in
            guard state.end == nil else { return (nil as CheckedContinuation<Void, Never>?, true) }
            state.bytes.append(contentsOf: piece.readableBytesView)
            state.isReading = state.bytes.count < Self.waitingBytesMax
            return (state.waiter.take(), state.isReading)
        }
        waiter?.resume()
        return hasRoom
    }

    /// Whether the reading task waits for the engine.
    var isAwaited: Bool { self.state.withLock { $0.waiter != nil } }

    /// The first end counts; it closes the connection.
    func finish(_ end: Result<Void, EngineClientError>) {
        let (waiter, channel) = self.state.withLock { state in
            if state.end == nil { state.end = end }
            defer { state.channel = nil }
            return (state.waiter.take(), state.channel)
        }
        channel?.close(promise: nil)
        waiter?.resume()
    }
}

/// The last handler of a connection to an engine.
final class EngineExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = EngineRequest
    typealias OutboundOut = HTTPClientRequestPart

    private let exchange: EngineExchange

    init(_ exchange: EngineExchange) {
        self.exchange = exchange
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let request = self.unwrapOutboundIn(data)
        context.write(self.wrapOutboundOut(.head(request.head)), promise: nil)
        if let body = request.body {
            context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        }
        context.write(self.wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            // 1xx answers come before the one that counts.
            if head.status.code >= 200 { self.exchange.receive(status: Int(head.status.code)) }
        case .body(let piece):
            guard !self.exchange.receive(piece) else { return }
            context.channel.setOption(ChannelOptions.autoRead, value: false).whenFailure { _ in
                // The channel is closed, which `channelInactive` tells.
            }
        case .end: self.exchange.finish(.success(()))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.exchange.finish(.failure(.cutOff))
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that is slow to read what has come is no silence of the engine's.
        if event is IdleStateHandler.IdleStateEvent, self.exchange.isAwaited {
            self.exchange.finish(.failure(.silent(seconds: self.exchange.silenceSeconds)))
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is HTTPParserError: self.exchange.finish(.failure(.malformed("\(error)")))
        default: self.exchange.finish(.failure(.cutOff))
        }
        context.close(promise: nil)
    }
}
