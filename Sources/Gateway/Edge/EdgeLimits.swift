/// Every limit of the network edge, with its default.
///
/// A client that follows HTTP and AWS's own limits never reaches any of them.
package struct EdgeLimits: Sendable, Equatable {
    /// Open connections over all loops; a further one is closed at accept.
    package var connectionCountMax = 20_000
    /// Bytes of request line and headers together (the same for trailers). Envoy's default; 431 beyond.
    package var headBytesMax = 60 * 1024
    /// Header lines of one message. Envoy's default; 431 beyond.
    package var headerCountMax = 100
    /// Bytes of the request target. Presigned URLs with session tokens reach 3 KiB; 414 beyond.
    package var targetBytesMax = 16 * 1024
    /// Bytes of any body, also of a streamed one; S3 takes 5 GiB in one PutObject. 413 beyond.
    package var bodyBytesMax = 5 * 1024 * 1024 * 1024
    /// Bytes of a collected body that is not counted: that of nearly every request. A larger one needs room in
    /// `largeBodyBytesMax`.
    package var smallBodyBytesMax = 64 * 1024
    /// Bytes of larger collected bodies, over all connections, from when they are known to be larger until their
    /// requests have ended. Beyond it they wait for each other, unread.
    package var largeBodyBytesMax = 256 * 1024 * 1024
    /// Bytes that are made of larger bodies, as estimated, until their requests have ended. Beyond it they wait for
    /// each other.
    package var largeInputBytesMax = 512 * 1024 * 1024
    /// The most that one of them counts for, so that it need not wait until all others have ended. No input takes much
    /// more: documents have at most `JSONReader.documentValueCountMax` values.
    package var inputBytesMax = 128 * 1024 * 1024
    /// Large bodies that wait for room, and what is made of them; 503 beyond.
    package var waitingBodyCountMax = 1024
    /// Bytes of complete answers over `smallBodyBytesMax` that clients have not taken yet, over all connections; 503 in
    /// place of another one beyond.
    package var largeAnswerBytesMax = 512 * 1024 * 1024
    /// Bytes of the line that opens a chunk, extensions included.
    package var chunkLineBytesMax = 256
    /// Bytes of an unread body that are discarded to keep the connection; if more would follow, it is closed.
    package var discardBytesMax = 256 * 1024
    /// Bytes discarded after a refusal, so that the client gets to read the answer: many write their whole body first.
    package var lingerBytesMax = 256 * 1024 * 1024
    /// Bytes buffered for the reader of a streamed body before reading from the socket pauses.
    package var streamBufferBytesMax = 64 * 1024
    /// Bytes buffered for a slow client before a streamed answer pauses.
    package var responseBufferBytesMax = 64 * 1024
    /// Pipelined HTTP/1.1 requests answered before the loop's other connections get their turn.
    package var pipelinedRequestsPerTurnMax = 16
    /// Unparsed bytes buffered while a request is being answered; with more, the connection is not read.
    package var pipelinedBytesMax = 8 * 1024
    /// Bytes of one read from the kernel. Together with NIO's state for a channel this is the memory of an idle
    /// connection.
    package var receiveBufferBytes = 8 * 1024
    /// Reads from one connection before the loop's other connections get their turn.
    package var readsPerTurnMax = 4
    /// The kernel's queue of connections that are not accepted yet.
    package var backlogMax = 1024

    /// A connection without a request for this long is closed, even one that has never sent a byte.
    package var idleTimeout: Duration = .seconds(120)
    /// From a head's first byte to its last; 408 beyond.
    package var headTimeout: Duration = .seconds(10)
    /// From the first TLS byte to the end of the handshake.
    package var handshakeTimeout: Duration = .seconds(10)
    /// The window in which `bodyBytesPerWindowMin` bytes of an awaited body must arrive; 408 otherwise.
    package var bodyWindow: Duration = .seconds(10)
    /// 1 KiB/s over ten seconds.
    package var bodyBytesPerWindowMin = 10 * 1024
    /// How long a large body waits for room, and what is made of it; 503 beyond. Clients give up a send that makes no
    /// progress after a minute.
    package var bodyRoomTimeout: Duration = .seconds(30)
    /// An answer is aborted if the client takes no byte of it for this long.
    package var writeStallTimeout: Duration = .seconds(60)
    /// After a refusal: how long the rest of the client's bytes is read, so that it can see the answer.
    package var lingerTimeout: Duration = .seconds(10)
    /// A client that has closed its side of an HTTP/1.1 connection may still wait for its answer, or be gone. If its
    /// operation takes longer, or a streamed answer pauses longer, than this, it is considered gone and the operation
    /// is cancelled.
    package var halfClosedTimeout: Duration = .seconds(10)
    /// How often such a client is sent an interim answer while its own has not begun: a socket that is closed, and not
    /// only shut down for sending, answers it with a reset, which ends the operation.
    package var halfClosedProbeInterval: Duration = .seconds(1)
    /// The resolution of all timeouts, which fire at most this much late.
    package var timerTick: Duration = .milliseconds(250)

    /// Bytes of an HTTP/2 header list, counting 32 for each field (SETTINGS_MAX_HEADER_LIST_SIZE). Larger than
    /// `headBytesMax`, so that a head between the two is answered with 431. A longer one closes the connection: without
    /// decoding it, the two sides' header tables would diverge (RFC 9113, 4.3).
    package var http2HeaderListBytesMax = 128 * 1024
    /// CONTINUATION frames of one header block: with HEADERS, as many frames of 16 KiB as the largest header list
    /// needs.
    package var http2ContinuationFramesMax = 8
    /// Concurrent HTTP/2 requests of one connection (SETTINGS_MAX_CONCURRENT_STREAMS). Further streams are refused with
    /// REFUSED_STREAM, because a client may start before it has read the settings (RFC 9113, 5.1.2).
    package var http2ConcurrentStreamsMax = 100
    /// Open streams of one connection, including those being refused; beyond it NIOHTTP2 closes the connection. At
    /// least its default of 100, which `HTTP2EarlyAcknowledgement` needs.
    package var http2OpenStreamsMax = 1000
    /// The flow-control window of one HTTP/2 stream, in bytes. At least HTTP/2's default of 65,535, which a client uses
    /// until it has read the settings.
    package var http2StreamWindowBytes = 256 * 1024
    /// Flow-control window of an HTTP/2 connection, in bytes.
    package var http2ConnectionWindowBytes = 1024 * 1024
    /// Bytes of complete answers that one HTTP/2 client has not taken yet; beyond it new streams are refused with
    /// REFUSED_STREAM. Requests that were accepted before are still answered, so a connection can hold this and an
    /// answer for each of `http2ConcurrentStreamsMax`. Streamed answers are limited by `responseBufferBytesMax`.
    package var http2AnswerBytesMax = 8 * 1024 * 1024
    /// RST_STREAM frames in `http2FloodWindow` (rapid reset, CVE-2023-44487); the connection is closed beyond.
    package var http2ResetFramesMax = 200
    /// PING, SETTINGS and PRIORITY frames in `http2FloodWindow`; the connection is closed beyond.
    package var http2ControlFramesMax = 400
    /// How long a client may take for its answer to the PING that goes with GOAWAY, while it has no stream. One that
    /// keeps its connections for later, and reads nothing meanwhile, gives none. The same for closing its side after
    /// the last answer was sent to it, as long as it sends nothing either.
    package var http2FarewellTimeout: Duration = .seconds(2)
    /// The window of the two frame limits.
    package var http2FloodWindow: Duration = .seconds(30)

    package init() {}
}
