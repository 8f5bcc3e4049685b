internal import NIOCore
internal import Primitives

/// Sits between the bytes of an HTTP/2 connection and NIOHTTP2: counts bytes, watches for what NIOHTTP2 does not
/// report, inserts the early acknowledgement of our settings, and lets a slow client take the last answer before the
/// connection is closed.
final class HTTP2FrameWatch: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private static let dataType: UInt8 = 0
    private static let settingsType: UInt8 = 4
    private static let goAwayType: UInt8 = 7
    private static let frameHeadBytes = 9
    private static let settingBytes = 6
    private static let maxConcurrentStreams: UInt16 = 3

    private let connection: HTTP2Connection
    private var acknowledgement = HTTP2EarlyAcknowledgement()
    private var scanner = HTTP2HeaderBlockScanner()
    /// NIOHTTP2 writes each frame at once, except DATA: its head first, then its bytes.
    private var isPayloadNext = false

    init(connection: HTTP2Connection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.connection.loop.counters.bytesIn.add(bytes.readableBytes)
        guard self.connection.readsBytes() else { return }
        if let others = self.acknowledgement.replacement(for: bytes.readableBytesUInt8Span) {
            bytes = context.channel.allocator.buffer(bytes: others)
        }
        self.scanner.scan(bytes.readableBytesUInt8Span)
        context.fireChannelRead(self.wrapInboundOut(bytes))
        self.connection.noteHeaderBlock(isOpen: self.scanner.isInsideBlock)
    }

    /// NIOHTTP2 closes a connection as soon as its last stream was written, which would discard what the kernel has not
    /// taken. And the kernel would discard what the client has not taken, at the client's first frame after the close.
    /// So our side is closed first, behind the last byte, and the rest once the client has closed its own.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, self.connection.beginsSlowEnd() else { return context.close(mode: mode, promise: promise) }
        let connection = self.connection
        let bound = NIOLoopBound((context, connection), eventLoop: context.eventLoop)
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { _ in
            let (context, connection) = bound.value
            connection.noteSent()
            context.close(mode: .output, promise: nil)
        }
        let nothing = context.channel.allocator.buffer(capacity: 0)
        context.writeAndFlush(self.wrapOutboundOut(.byteBuffer(nothing)), promise: sent)
        promise?.succeed()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let bytes = self.unwrapOutboundIn(data)
        self.connection.loop.counters.bytesOut.add(bytes.readableBytes)
        if self.isPayloadNext {
            self.isPayloadNext = false
        } else if case .byteBuffer(let frame) = bytes {
            if frame.getInteger(at: frame.readerIndex + 3, as: UInt8.self) == Self.settingsType {
                return context.write(self.wrapOutboundOut(.byteBuffer(self.announcement(frame))), promise: promise)
            }
            self.note(frame)
        }
        context.write(data, promise: promise)
    }

    /// A SETTINGS frame with the number of streams that the client should use. NIOHTTP2 closes the connection of a
    /// client that exceeds its own number, so NIOHTTP2 is configured with a larger one.
    private func announcement(_ settings: ByteBuffer) -> ByteBuffer {
        var frame = settings
        let first = frame.readerIndex + Self.frameHeadBytes
        // The first byte of the length is zero: the frame is short.
        let length = Int(frame.getInteger(at: frame.readerIndex + 1, as: UInt16.self) ?? 0)
        for offset in stride(from: first, to: first + length, by: Self.settingBytes)
        where frame.getInteger(at: offset, as: UInt16.self) == Self.maxConcurrentStreams {
            frame.setInteger(UInt32(self.connection.loop.limits.http2ConcurrentStreamsMax), at: offset + 2)
        }
        return frame
    }

    /// GOAWAY is length (3), type, flags, stream (4), last stream (4), error code (4).
    private func note(_ frame: ByteBuffer) {
        switch frame.getInteger(at: frame.readerIndex + 3, as: UInt8.self) {
        case Self.dataType: self.isPayloadNext = true
        case Self.goAwayType:
            let code = frame.getInteger(at: frame.readerIndex + 13, as: UInt32.self)
            if code != 0 { self.connection.noteFatalGoAway() }
        default: break
        }
    }
}
