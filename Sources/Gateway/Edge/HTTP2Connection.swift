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
    private var streamCount = 0
    /// Streams whose request was accepted.
    private var requestCount = 0
    /// Bytes of whole answers on streams that are still open.
    private var answerBytes = 0
    private var isGoingAway = false
    private var hasSaidError = false
    private var isHeaderBlockOpen = false
    private var deadline: Deadline = .none
    private var ending = Ending.open
    /// Since the last deadline of the farewell, and how often one has been extended for it.
    private var hasClientSpoken = false
    private var farewellCount = 0
    var deadlineSlot = -1

    /// Extensions of the farewell for a client that is still taking an answer.
    private static let farewellCountMax = 30

    /// The meaning of the armed deadline.
    private enum Deadline {
        case none, idle, head, stall, farewell
    }

    /// How far the connection's end has come.
    private enum Ending {
        case open
        /// The kernel has not taken everything that was written.
        case sending
        /// Our side is closed, or nothing is waited for.
        case closed
    }

    private init(loop: EdgeLoop, membership: ConnectionMembership) {
        self.loop = loop
        self.membership = membership
    }

    static func install(
        on channel: any Channel, loop: EdgeLoop, membership: ConnectionMembership, info: ConnectionInfo,
        position: ChannelPipeline.SynchronousOperations.Position
    ) throws {
        let limits = loop.limits
        // Sends GOAWAY in the two steps that lose no request. Its own timers start when a connection becomes active,
        // which happens before it is added, so the idle timeout is ours.
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
        let watch = HTTP2FrameWatch(connection: connection)
        // Added before the multiplexer, which writes its settings as soon as it is added.
        try channel.pipeline.syncOperations.addHandler(watch, position: position)
        try channel.pipeline.syncOperations.addHandlers([multiplexer, management, connection], position: .after(watch))
    }

    private static func connectionConfiguration(_ limits: EdgeLimits) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            // `HTTP2FrameWatch` tells the client a smaller number.
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.http2OpenStreamsMax),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.http2HeaderListBytesMax),
            HTTP2Setting(parameter: .initialWindowSize, value: limits.http2StreamWindowBytes),
        ]
        configuration.targetWindowSize = limits.http2ConnectionWindowBytes
        configuration.controlFrameRateLimit.maximumCount = limits.http2ControlFramesMax
        configuration.controlFrameRateLimit.windowLength = .nanoseconds(limits.http2FloodWindow.wholeNanoseconds)
        configuration.maximumSequentialContinuationFrames = limits.http2ContinuationFramesMax
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
        self.armDeadline()
    }

    func streamOpened() {
        self.streamCount += 1
        self.armDeadline()
    }

    func requestTaken() {
        self.requestCount += 1
    }

    func streamClosed(tookRequest: Bool, answerBytes: Int) {
        self.streamCount -= 1
        if tookRequest { self.requestCount -= 1 }
        self.answerBytes -= answerBytes
        self.armDeadline()
    }

    /// A complete answer was written; it counts until its stream is closed.
    func hold(answerBytes: Int) {
        self.answerBytes += answerBytes
    }

    /// False while too many answers wait for the client, or it has the maximum number of requests.
    var takesRequests: Bool {
        self.answerBytes <= self.loop.limits.http2AnswerBytesMax
            && self.requestCount < self.loop.limits.http2ConcurrentStreamsMax
    }

    /// Begins the end of a connection that said GOAWAY: its last answers may still be on their way to a slow client.
    /// - Returns: false when it is to be closed at once.
    func beginsSlowEnd() -> Bool {
        guard self.context != nil, self.isGoingAway, self.ending == .open else { return false }
        self.ending = .sending
        self.armDeadline()
        return true
    }

    /// Everything was given to the kernel, and our side is closed.
    func noteSent() {
        guard self.context != nil else { return }
        self.ending = .closed
        self.armDeadline()
    }

    /// Bytes of the client have arrived.
    /// - Returns: whether they are read. While the connection ends they only tell that the client takes something.
    func readsBytes() -> Bool {
        self.hasClientSpoken = true
        return self.ending == .open
    }

    func noteHeaderBlock(isOpen: Bool) {
        guard isOpen != self.isHeaderBlockOpen else { return }
        self.isHeaderBlockOpen = isOpen
        self.armDeadline()
    }

    /// GOAWAY with an error code is being written.
    func noteFatalGoAway() {
        self.hasSaidError = true
    }

    /// A client that does not read is not read either: frames without flow control, such as answers without a body,
    /// would pile up.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // Fails only on a closed channel, which reads no more.
        try? context.channel.syncOptions?.setOption(ChannelOptions.autoRead, value: context.channel.isWritable)
        self.armDeadline()
        context.fireChannelWritabilityChanged()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    /// The client closed its side: without its frames there is no flow control, so answers cannot be sent.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { self.closeNow() }
        context.fireUserInboundEventTriggered(event)
    }

    /// NIOHTTP2 reports errors of streams here too. Such a stream has been reset, and the others are unaffected; an
    /// error of the connection has been reported to the client.
    private func isOfStream(_ error: any Error) -> Bool {
        error is any NIOHTTP2Error && !self.hasSaidError && !(error is NIOHTTP2Errors.RaisedGoawayLastStreamID)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if self.isOfStream(error) { return }
        // NIOHTTP2 leaves closing to us. Not at once: frames that are written, such as GOAWAY, may not be flushed yet.
        context.flush()
        self.ending = .closed
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
    private var wantedDeadline: Deadline {
        switch self.ending {
        case .open: break
        case .sending: return .stall
        case .closed: return .farewell
        }
        if self.context?.channel.isWritable == false { return .stall }
        if self.isHeaderBlockOpen { return .head }
        // A client that does not answer the GOAWAY's PING is not waited for; streams in flight are.
        if self.isGoingAway { return self.streamCount == 0 ? .farewell : .none }
        return self.streamCount == 0 ? .idle : .none
    }

    /// A deadline that runs for the same reason already is kept.
    private func armDeadline() {
        let wanted = self.wantedDeadline
        if wanted == self.deadline { return }
        self.deadline = wanted
        let timeouts = self.loop.timeouts
        switch wanted {
        case .none: self.loop.disarm(self)
        case .idle: self.loop.arm(self, ticks: timeouts.idle)
        case .head: self.loop.arm(self, ticks: timeouts.head)
        case .stall: self.loop.arm(self, ticks: timeouts.writeStall)
        case .farewell: self.loop.arm(self, ticks: timeouts.farewell)
        }
    }

    func deadlineReached() {
        switch self.deadline {
        case .idle:
            self.deadline = .none
            self.drain()
        case .farewell where self.ending == .open && self.bufferedBytes > 0:
            self.context?.close(promise: nil)
        case .farewell where self.ending == .closed && self.isStillTaking:
            self.deadline = .none
            self.hasClientSpoken = false
            self.farewellCount += 1
            self.armDeadline()
        case .none, .farewell, .head, .stall:
            self.closeNow()
        }
    }

    private var isStillTaking: Bool { self.hasClientSpoken && self.farewellCount < Self.farewellCountMax }

    /// The bytes that the kernel has not taken; 0 for a closed channel, which has no options.
    private var bufferedBytes: Int {
        let options = self.context?.channel.syncOptions
        return (try? options?.getOption(ChannelOptions.bufferedWritableBytes)) ?? 0
    }

    /// Sends GOAWAY; streams in flight continue, and the management handler closes the connection after the last.
    func drain() {
        self.isGoingAway = true
        self.context?.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        self.armDeadline()
    }

    func closeNow() {
        self.ending = .closed
        self.context?.close(promise: nil)
    }
}
