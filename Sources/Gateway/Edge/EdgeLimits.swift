/// Every bound of the network edge, with its default.
///
/// A client that keeps to HTTP and to AWS's own limits meets none of them.
package struct EdgeLimits: Sendable, Hashable {
    /// Connections open at once over all loops; one more is closed at accept.
    package var connectionCountMax = 20_000
    /// Bytes of request line and headers together (the same for trailers). Envoy's default; 431 beyond.
    package var headBytesMax = 60 * 1024
    /// Header lines of one message. Envoy's default; 431 beyond.
    package var headerCountMax = 100
    /// Bytes of the request target. Presigned URLs with session tokens reach 3 KiB; 414 beyond.
    package var targetBytesMax = 16 * 1024
    /// Bytes of any body, also of a streamed one; S3 takes 5 GiB in one PutObject. 413 beyond.
    package var bodyBytesMax = 5 * 1024 * 1024 * 1024
    /// Bytes of the line that opens a chunk, extensions included.
    package var chunkLineBytesMax = 256
    /// Bytes of an unwanted body that are read and dropped to keep the connection; with more to come it is closed.
    package var discardBytesMax = 256 * 1024
    /// Bytes read and dropped after a refusal, so that the client comes to read the answer: many write their whole
    /// body first.
    package var lingerBytesMax = 256 * 1024 * 1024
    /// Bytes kept between the network and the reader of a streamed body before reading pauses.
    package var streamBufferBytesMax = 64 * 1024
    /// Bytes of answers that may wait for a slow reader before a streaming answer pauses.
    package var responseBufferBytesMax = 64 * 1024
    /// Pipelined HTTP/1.1 requests answered before other connections of the loop get their turn.
    package var pipelinedRequestsPerTurnMax = 16
    /// Unparsed bytes kept behind a request that is being answered; beyond, the connection is not read.
    package var pipelinedBytesMax = 8 * 1024
    /// Bytes taken from the kernel in one read. With what NIO keeps per channel this is the idle connection's memory.
    package var receiveBufferBytes = 8 * 1024
    /// Reads from one connection before others of the loop get their turn.
    package var readsPerTurnMax = 4
    /// Pending connections that the kernel holds for us.
    package var backlogMax = 1024

    /// A connection without a request for this long is closed, also one that has never sent a byte.
    package var idleTimeout: Duration = .seconds(120)
    /// From a head's first byte to its last; 408 beyond.
    package var headTimeout: Duration = .seconds(10)
    /// From the first TLS byte to the end of the handshake.
    package var handshakeTimeout: Duration = .seconds(10)
    /// The window in which `bodyBytesPerWindowMin` bytes of a body that is being waited for must arrive; else 408.
    package var bodyWindow: Duration = .seconds(10)
    /// 1 KiB/s over ten seconds.
    package var bodyBytesPerWindowMin = 10 * 1024
    /// An answer of which the client takes no byte for this long is given up.
    package var writeStallTimeout: Duration = .seconds(60)
    /// After a refusal: how long the rest of the client's bytes is read so that it can see the answer.
    package var lingerTimeout: Duration = .seconds(10)
    /// A client that has ended its side of an HTTP/1.1 connection may wait for its answer, or be gone: how long its
    /// operation may take, or a streamed answer rest, before it is taken for gone and the operation is cancelled.
    package var halfClosedTimeout: Duration = .seconds(10)
    /// Resolution of all timeouts; they fire at most this much late.
    package var timerTick: Duration = .milliseconds(250)

    /// Bytes of an HTTP/2 header list, with 32 for each field (SETTINGS_MAX_HEADER_LIST_SIZE). Above `headBytesMax`, so
    /// that a head between the two is answered with 431; the connection of a longer one is closed, since what is not
    /// decoded leaves the two sides' header tables different (RFC 9113, 4.3).
    package var http2HeaderListBytesMax = 128 * 1024
    /// CONTINUATION frames of one header block; with HEADERS, as many of 16 KiB as a list of the size above needs.
    package var http2ContinuationFramesMax = 8
    /// HTTP/2 requests of one connection at once (SETTINGS_MAX_CONCURRENT_STREAMS); a stream beyond is refused with
    /// REFUSED_STREAM, since a client may begin before it has read the settings (RFC 9113, 5.1.2).
    package var http2ConcurrentStreamsMax = 100
    /// Streams of one connection at once, those that are being refused among them: NIOHTTP2 ends the connection beyond.
    /// No less than its default of 100, which `HTTP2EarlyAcknowledgement` needs.
    package var http2OpenStreamsMax = 1000
    /// Flow-control window of one HTTP/2 stream, in bytes; no less than HTTP/2's default of 65,535, which a client uses
    /// that has not read the settings yet.
    package var http2StreamWindowBytes = 256 * 1024
    /// Flow-control window of an HTTP/2 connection, in bytes.
    package var http2ConnectionWindowBytes = 1024 * 1024
    /// Bytes of whole answers that wait for the client on one HTTP/2 connection; beyond, new streams are refused with
    /// REFUSED_STREAM. A streamed answer has `responseBufferBytesMax`.
    package var http2AnswerBytesMax = 8 * 1024 * 1024
    /// RST_STREAM frames in `http2FloodWindow` (rapid reset, CVE-2023-44487); the connection is closed beyond.
    package var http2ResetFramesMax = 200
    /// PING, SETTINGS and PRIORITY frames in `http2FloodWindow`; the connection is closed beyond.
    package var http2ControlFramesMax = 400
    /// How long a client may take for its answer to the PING that goes with GOAWAY, while it has no stream. One that
    /// keeps its connections for later, and reads nothing meanwhile, gives none.
    package var http2FarewellTimeout: Duration = .seconds(2)
    /// The window of the two frame limits.
    package var http2FloodWindow: Duration = .seconds(30)

    package init() {}
}
