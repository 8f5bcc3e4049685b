internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Primitives

/// Serialises requests, and maps NIO's errors.
enum UpstreamWire {
    /// The head of a request and, if it is not streamed, its body.
    ///
    /// The request must be valid: `UpstreamRequest.fault` is nil.
    /// - Returns: `dueBytes` is the length of a streamed body; nil for one in chunks.
    static func message(
        _ request: UpstreamRequest, authority: String, body: [UInt8]?, isStreamed: Bool, isKept: Bool,
        _ allocator: ByteBufferAllocator
    ) -> (bytes: ByteBuffer, dueBytes: Int?) {
        let framing = Framing(request, body, isStreamed: isStreamed)
        let bytesMax = Self.headBytesMax(request, authority) + (body?.count ?? 0)
        var bytes = allocator.buffer(capacity: bytesMax)
        // Checks the capacity only once: a head consists of thirty small pieces.
        unsafe bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: bytesMax) { room in
            var cursor = unsafe ByteCursor(room)
            Self.append(request, authority, framing, isKept: isKept, to: &cursor)
            if let body { cursor.append(body.span) }
            return cursor.count
        }
        if case .length(let count) = framing, isStreamed { return (bytes, count) }
        return (bytes, nil)
    }

    /// How the server recognises the end of a request's body.
    private enum Framing {
        /// No body, and no header about it.
        case nothing
        case length(Int)
        case chunks

        init(_ request: UpstreamRequest, _ body: [UInt8]?, isStreamed: Bool) {
            if isStreamed {
                let length = request.headers.first("content-length").flatMap { Int($0) }
                if let length, length >= 0 { self = .length(length) } else { self = .chunks }
            } else if let body {
                self = .length(body.count)
            } else {
                switch request.method {
                case "GET", "HEAD", "DELETE", "OPTIONS", "TRACE": self = .nothing
                // Other methods have a `Content-Length` even without a body (RFC 9110, 8.6).
                default: self = .length(0)
                }
            }
        }
    }

    private static func append(
        _ request: UpstreamRequest, _ authority: String, _ framing: Framing, isKept: Bool,
        to cursor: inout ByteCursor
    ) {
        cursor.append(request.method.utf8.span)
        cursor.append(byte: 0x20)
        cursor.append(request.target.utf8.span)
        cursor.append(" HTTP/1.1\r\n")
        var hasHost = false
        let bytes = request.headers.bytes.span
        let lines = request.headers.lines.span
        for index in lines.indices {
            let name = bytes.extracting(lines[index].name)
            switch name.count {
            case 4 where HeaderFields.equalNames(name, "host"): hasHost = true
            case 10 where HeaderFields.equalNames(name, "connection"): continue
            case 14 where HeaderFields.equalNames(name, "content-length"): continue
            case 17 where HeaderFields.equalNames(name, "transfer-encoding"): continue
            default: break
            }
            Self.append(name, bytes.extracting(lines[index].value), to: &cursor)
        }
        if !hasHost { Self.append("Host".utf8.span, authority.utf8.span, to: &cursor) }
        if !isKept { cursor.append("Connection: close\r\n") }
        switch framing {
        case .nothing: break
        case .chunks: cursor.append("Transfer-Encoding: chunked\r\n")
        case .length(let count):
            cursor.append("Content-Length: ")
            cursor.append(decimal: count)
            cursor.append("\r\n")
        }
        cursor.append("\r\n")
    }

    private static func append(_ name: Span<UInt8>, _ value: Span<UInt8>, to cursor: inout ByteCursor) {
        cursor.append(name)
        cursor.append(": ")
        cursor.append(value)
        cursor.append("\r\n")
    }

    /// An upper bound of the head's size.
    private static func headBytesMax(_ request: UpstreamRequest, _ authority: String) -> Int {
        // "HTTP/1.1", and the fields that are added.
        128 + request.method.utf8.count + request.target.utf8.count + authority.utf8.count
            + request.headers.bytes.count + 4 * request.headers.count
    }

    /// A chunk with a non-empty piece of a body.
    static func chunk(_ piece: [UInt8], _ allocator: ByteBufferAllocator) -> ByteBuffer {
        var bytes = allocator.buffer(capacity: piece.count + 20)
        bytes.writeString(String(piece.count, radix: 16))
        bytes.writeStaticString("\r\n")
        bytes.writeBytes(piece)
        bytes.writeStaticString("\r\n")
        return bytes
    }

    /// The last chunk of a body.
    static let lastChunk: StaticString = "0\r\n\r\n"

    /// The meaning of an error while connecting.
    static func reason(ofConnecting error: any Error) -> UpstreamError.Reason {
        if case .connectTimeout(let amount)? = error as? ChannelError {
            return .unreachable("no connection within \(Duration.nanoseconds(amount.nanoseconds))")
        }
        if let error = error as? NIOConnectionError {
            let failed = error.connectionErrors.first.map { Self.sentence($0.error) }
            return .unreachable(failed ?? "the name \(error.host) is not known")
        }
        return .unreachable(Self.sentence(error))
    }

    /// The meaning of a TLS error.
    static func reason(ofTLS error: any Error) -> UpstreamError.Reason {
        if case .uncleanShutdown? = error as? NIOSSLError { return .cutOff }
        return .untrusted("\(error)")
    }

    /// NIO's own description begins with "connection reset", whatever happened.
    private static func sentence(_ error: any Error) -> String {
        guard let code = (error as? IOError)?.errnoCode else { return "\(error)" }
        return SystemError.sentence(code)
    }
}
