internal import NIOCore
internal import NIOHTTP2
internal import Primitives

/// One HTTP/2 connection: the multiplexer with its limits, and a handler that keeps the books.
///
/// NIOHTTP2 enforces framing, flow control, header block and content length rules, and the flood limits (rapid reset,
/// control frames, CONTINUATION, empty DATA, glitches). Each stream is a channel with one `HTTP2Stream`.
final class HTTP2Connection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame

    let loop: EdgeLoop
    private let membership: ConnectionMembership
    private var context: ChannelHandlerContext?
    private var streamErrorEchoes = 0
    private var streamCount = 0
    private var isGoingAway = false
    var deadlineSlot = -1

    private init(loop: EdgeLoop, membership: ConnectionMembership) {
        self.loop = loop
        self.membership = membership
    }

    static func install(
        on channel: any Channel, loop: EdgeLoop, membership: ConnectionMembership, info: ConnectionInfo,
        position: ChannelPipeline.SynchronousOperations.Position
    ) throws {
        let limits = loop.limits
        // It says GOAWAY in the two steps that lose no request; its timers start with a connection, which has begun
        // before it comes, so that the idle time is ours.
        let management = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil))
        let connection = HTTP2Connection(loop: loop, membership: membership)
        let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        let multiplexer = NIOHTTP2Handler(
            mode: .server, eventLoop: channel.eventLoop, connectionConfiguration: self.connectionConfiguration(limits),
            streamConfiguration: self.streamConfiguration(limits), streamDelegate: management.http2StreamDelegate
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.syncOptions?.setOption(ChannelOptions.autoRead, value: false)
                try stream.pipeline.syncOperations.addHandler(
                    HTTP2Stream(connection: bound.value, info: info))
            }
        }
        let counter = HTTP2ByteCounter(counters: loop.counters)
        try channel.pipeline.syncOperations.addHandlers(
            [counter, multiplexer, management, connection], position: position)
    }

    private static func connectionConfiguration(_ limits: EdgeLimits) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.http2ConcurrentStreamsMax),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headBytesMax),
            HTTP2Setting(parameter: .initialWindowSize, value: limits.http2StreamWindowBytes),
        ]
        configuration.targetWindowSize = limits.http2ConnectionWindowBytes
        configuration.controlFrameRateLimit.maximumCount = limits.http2ControlFramesMax
        configuration.controlFrameRateLimit.windowLength = .nanoseconds(limits.http2FloodWindow.wholeNanoseconds)
        configuration.maximumBufferedControlFrames = limits.http2ControlFramesMax
        return configuration
    }

    private static func streamConfiguration(_ limits: EdgeLimits) -> NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.targetWindowSize = limits.http2StreamWindowBytes
        configuration.outboundBufferSizeHighWatermark = limits.responseBufferBytesMax
        configuration.outboundBufferSizeLowWatermark = limits.responseBufferBytesMax / 2
        configuration.streamResetFrameRateLimit.maximumCount = limits.http2ResetFramesMax
        configuration.streamResetFrameRateLimit.windowLength = .nanoseconds(limits.http2FloodWindow.wholeNanoseconds)
        return configuration
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.register(self)
        self.loop.arm(self, ticks: self.loop.timeouts.idle)
    }

    func streamOpened() {
        self.streamCount += 1
        if !self.isGoingAway { self.loop.disarm(self) }
    }

    func streamClosed() {
        self.streamCount -= 1
        if self.streamCount == 0, !self.isGoingAway { self.loop.arm(self, ticks: self.loop.timeouts.idle) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    /// A stream tells of its error; NIOHTTP2 fires the same error on the connection right after.
    func noteStreamError() {
        self.streamErrorEchoes += 1
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if self.streamErrorEchoes > 0 {
            // The stream has been reset; the others have nothing to do with it.
            self.streamErrorEchoes -= 1
            return
        }
        // NIOHTTP2 leaves it to us to end the connection. Not at once: frames that are written, GOAWAY among them, may
        // not be flushed yet.
        context.flush()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.execute { bound.value.close(promise: nil) }
    }

    private func end() {
        self.context = nil
        self.loop.deregister(self)
        self.membership.end()
    }
}

extension HTTP2Connection: DeadlineTarget {
    func deadlineReached() {
        if self.isGoingAway { return self.closeNow() }
        self.drain()
        // A client that does not answer the GOAWAY's PING is not waited for.
        self.loop.arm(self, ticks: self.loop.timeouts.linger)
    }

    /// GOAWAY; streams in flight go on, and the management handler closes after the last.
    func drain() {
        self.isGoingAway = true
        self.context?.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    func closeNow() {
        self.context?.close(promise: nil)
    }
}

/// Counts the bytes of an HTTP/2 connection on their way through.
private final class HTTP2ByteCounter: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let counters: LoopCounters

    init(counters: LoopCounters) {
        self.counters = counters
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.counters.bytesIn.add(self.unwrapInboundIn(data).readableBytes)
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.counters.bytesOut.add(self.unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }
}
