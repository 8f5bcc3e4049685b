package import Primitives

/// The timeouts of a request; nil means none.
package struct UpstreamTimeouts: Sendable {
    /// Until a connection is established, TLS included.
    package var connect: Duration
    /// From the last byte of the request that the server accepted until the head of its answer. The clock stops while
    /// the source of a streamed body pauses.
    package var firstByte: Duration?
    /// Without progress within an answer, while a task waits for its next piece or for room for the request's next one.
    package var idle: Duration?
    /// From the beginning to the end of the answer.
    package var total: Duration?

    package init(
        connect: Duration = .seconds(5), firstByte: Duration? = .seconds(60), idle: Duration? = .seconds(60),
        total: Duration? = nil
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
    }
}

/// A request without its body.
package struct UpstreamRequest: Sendable {
    /// The longest target, in bytes; AWS's longest have some thousands.
    static let targetBytesMax = 64 << 10

    /// Such as `GET`.
    package var method: String
    /// Path and query exactly as they are sent; begins with a slash.
    package var target: String
    /// `Host` is added if it is missing. `Content-Length` counts only with a streamed body; `Transfer-Encoding` is
    /// ignored.
    package var headers: HeaderFields
    /// Override the client's.
    package var timeouts: UpstreamTimeouts?
    /// Whether sending it twice has the same effect as sending it once. Such a request is sent again, over a new
    /// connection, if an idle connection ended before the answer began.
    package var isIdempotent: Bool

    package init(
        _ method: String, _ target: String, headers: HeaderFields = [:], timeouts: UpstreamTimeouts? = nil,
        isIdempotent: Bool? = nil
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.timeouts = timeouts
        self.isIdempotent = isIdempotent ?? Self.isIdempotent(method)
    }

    /// RFC 9110, 9.2.2.
    private static func isIdempotent(_ method: String) -> Bool {
        switch method {
        case "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE": true
        default: false
        }
    }

    /// Why the head cannot be sent as it is, or nil.
    var fault: String? {
        guard !self.method.isEmpty, self.method.utf8.count <= 32,
            self.method.utf8.allSatisfy({ (0x41...0x5A).contains($0) || $0 == 0x2D })
        else { return "the method is none" }
        guard self.target.hasPrefix("/") || self.target == "*", self.target.utf8.count <= Self.targetBytesMax,
            Self.isPrintable(self.target.utf8.span), !self.target.utf8.contains(0x20)
        else { return "the target is none" }
        let bytes = self.headers.bytes.span
        let lines = self.headers.lines.span
        for index in lines.indices {
            guard Self.isName(bytes.extracting(lines[index].name)), Self.isValue(bytes.extracting(lines[index].value))
            else { return "a header field is none" }
        }
        return nil
    }

    private static func isPrintable(_ bytes: Span<UInt8>) -> Bool {
        ByteScan.firstControl(in: bytes) == bytes.count
    }

    private static func isName(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices {
            let byte = bytes[index]
            guard byte > 0x20 && byte < 0x7F && byte != 0x3A else { return false }
        }
        return !bytes.isEmpty
    }

    private static func isValue(_ bytes: Span<UInt8>) -> Bool {
        if self.isPrintable(bytes) { return true }
        for index in bytes.indices where bytes[index] != 0x09 && (bytes[index] < 0x20 || bytes[index] == 0x7F) {
            return false
        }
        return true
    }
}

/// The head of an answer.
package struct UpstreamHead: Sendable, Equatable {
    /// 200 to 599; interim answers (1xx) are skipped.
    package var status: Int
    package var headers: HeaderFields

    package init(status: Int, headers: HeaderFields = [:]) {
        self.status = status
        self.headers = headers
    }
}
