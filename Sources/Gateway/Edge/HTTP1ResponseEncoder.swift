internal import NIOCore
internal import Primitives

/// Writes the heads of HTTP/1.1 answers.
enum HTTP1ResponseEncoder {
    /// How the client determines the end of the body.
    enum Framing: Sendable, Equatable {
        case length(Int)
        case chunked
        /// By the end of the connection; HTTP/1.0 only.
        case untilClose
        /// There is no body: the status does not allow one.
        case none
    }

    static let continueHead: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

    /// The bytes of a head besides its header fields, at most.
    static let fixedBytesMax = 192

    /// An upper bound of the head's size, so that memory is allocated once.
    static func headBytesMax(_ headers: HeaderFields) -> Int {
        self.fixedBytesMax + headers.bytes.count + 4 * headers.count
    }

    /// Writes the status line and the header fields, up to the empty line.
    /// - Parameters:
    ///   - status: 200...599.
    ///   - headers: written unchanged, except for the fields that the edge controls.
    ///   - framing: how the body will end.
    ///   - connection: the value of `Connection`; nil omits it.
    ///   - date: the value of `Date`, unless `headers` has one.
    ///   - buffer: appended to.
    static func writeHead(
        status: Int, headers: HeaderFields, framing: Framing, connection: StaticString?, date: String,
        to buffer: inout ByteBuffer
    ) {
        // At once: each write of the buffer would check again whether it is shared and has room.
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: self.headBytesMax(headers) + date.utf8.count) {
            var head = unsafe ByteCursor($0)
            self.writeStatusLine(status, to: &head)
            var hasDate = false
            let bytes = headers.bytes.span
            let lines = headers.lines.span
            for index in lines.indices {
                let name = bytes.extracting(lines[index].name)
                if self.isReserved(name) { continue }
                if HeaderFields.equalNames(name, "Date") { hasDate = true }
                self.writeField(name, bytes.extracting(lines[index].value), to: &head)
            }
            if !hasDate {
                head.append("Date: ")
                head.append(date.utf8.span)
                head.append("\r\n")
            }
            switch framing {
            case .length(let bytes):
                head.append("Content-Length: ")
                head.append(decimal: bytes)
                head.append("\r\n")
            case .chunked: head.append("Transfer-Encoding: chunked\r\n")
            case .untilClose, .none: break
            }
            if let connection {
                head.append("Connection: ")
                head.append(connection)
                head.append("\r\n")
            }
            head.append("\r\n")
            return head.count
        }
    }

    /// Writes the bytes as one chunk.
    static func writeChunk(_ bytes: [UInt8], to buffer: inout ByteBuffer) {
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count + self.chunkBytesMax) {
            var chunk = unsafe ByteCursor($0)
            chunk.append(hexadecimal: bytes.count)
            chunk.append("\r\n")
            chunk.append(bytes.span)
            chunk.append("\r\n")
            return chunk.count
        }
    }

    /// The bytes of a chunk besides its data, at most.
    private static let chunkBytesMax = 20

    static let lastChunk: StaticString = "0\r\n\r\n"

    /// Whether an answer with this status has no body, whatever its headers say (RFC 9110, 6.4.1).
    static func isBodiless(_ status: Int) -> Bool {
        status == 204 || status == 304 || status < 200
    }

    private static func writeStatusLine(_ status: Int, to head: inout ByteCursor) {
        if status == 200 { return head.append("HTTP/1.1 200 OK\r\n") }
        head.append("HTTP/1.1 ")
        head.append(decimal: status)
        head.append(" ")
        head.append(self.reason(status))
        head.append("\r\n")
    }

    /// The fields that the edge itself writes.
    static func isReserved(_ name: Span<UInt8>) -> Bool {
        switch name.count {
        case 10: HeaderFields.equalNames(name, "Connection") || HeaderFields.equalNames(name, "Keep-Alive")
        case 14: HeaderFields.equalNames(name, "Content-Length")
        case 17: HeaderFields.equalNames(name, "Transfer-Encoding")
        default: false
        }
    }

    /// Line breaks are replaced: a value with one could start a header, or a whole response, of an attacker's choice.
    private static func writeField(_ name: Span<UInt8>, _ value: Span<UInt8>, to head: inout ByteCursor) {
        for index in name.indices where !HTTPSyntax.isToken(name[index]) { return }
        head.append(name)
        head.append(": ")
        if ByteScan.firstControl(in: value) == value.count {
            head.append(value)
        } else {
            for index in value.indices {
                head.append(byte: HTTPSyntax.isFieldValue(value[index]) ? value[index] : 0x20)
            }
        }
        head.append("\r\n")
    }

    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}

extension ByteCursor {
    /// A non-negative number in hexadecimal digits.
    fileprivate mutating func append(hexadecimal number: Int) {
        if number >= 16 { self.append(hexadecimal: number / 16) }
        let digit = UInt8(truncatingIfNeeded: number % 16)
        self.append(byte: digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
}
