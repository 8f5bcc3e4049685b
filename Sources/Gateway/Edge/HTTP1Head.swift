package import NIOCore
package import Primitives

/// How the end of a message's body is determined.
package enum HTTP1BodyFraming: Sendable, Equatable {
    /// By exactly this many bytes; 0 when the request has no body.
    case length(Int)
    case chunked
}

/// A valid request head, and what it says about the connection.
package struct HTTP1Head: Sendable, Equatable {
    package var request: RequestHead
    package var framing: HTTP1BodyFraming
    /// HTTP/1.0: answers cannot be chunked.
    package var isVersion10: Bool
    /// Whether the client wants to keep the connection.
    package var keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body.
    package var expectsContinue: Bool
}

/// Finds and parses request heads in the bytes of a connection.
///
/// It is stricter than RFC 9112 requires, because requests are smuggled where two parsers disagree: lines end with CR
/// LF only, no folded lines, no space before the colon, one Content-Length or one `Transfer-Encoding: chunked` and
/// never both, exactly one Host. It never looks beyond the head.
package struct HTTP1HeadParser {
    /// Bytes of the head that are already searched for its end.
    private var scannedBytes = 0
    private var lineStart = 0
    private var lineCount = 0
    private var hasSkippedEmptyLine = false

    package init() {}

    /// Takes one head from the front of `input` when it is complete.
    /// - Returns: nil when more bytes are needed.
    /// - Complexity: O(new bytes), plus O(head) once.
    package mutating func next(_ input: inout ByteBuffer, limits: EdgeLimits) throws(EdgeRefusal) -> HTTP1Head? {
        if self.scannedBytes == 0, !self.skipEmptyLine(&input) { return nil }
        guard let end = try self.scan(input.readableBytesUInt8Span, limits: limits) else { return nil }
        let head = try HTTP1HeadReader.read(
            input.readableBytesUInt8Span.extracting(0..<end), limits: limits)
        input.moveReaderIndex(forwardBy: end)
        self.scannedBytes = 0
        self.lineStart = 0
        self.lineCount = 0
        self.hasSkippedEmptyLine = false
        return head
    }

    /// One empty line before a request is tolerated (RFC 9112, 2.2): old clients send one after a body.
    /// - Returns: false when another byte is needed to decide.
    private mutating func skipEmptyLine(_ input: inout ByteBuffer) -> Bool {
        let view = input.readableBytesView
        guard let first = view.first else { return false }
        guard first == 0x0D, !self.hasSkippedEmptyLine else { return true }
        guard let second = view.dropFirst().first else { return false }
        if second == 0x0A {
            input.moveReaderIndex(forwardBy: 2)
            self.hasSkippedEmptyLine = true
        }
        return input.readableBytes > 0
    }

    /// - Returns: the index after the empty line that ends the head.
    private mutating func scan(_ bytes: Span<UInt8>, limits: EdgeLimits) throws(EdgeRefusal) -> Int? {
        let bound = min(bytes.count, limits.headBytesMax)
        var index = self.scannedBytes
        let window = bytes.extracting(0..<bound)
        while true {
            index = ByteScan.first(0x0A, in: window, from: index)
            if index == bound { break }
            guard index > 0, bytes[index - 1] == 0x0D else { throw .malformed(.lineEnding) }
            if index == self.lineStart + 1 { return index + 1 }
            self.lineCount += 1
            index += 1
            self.lineStart = index
            // The request line counts as a line too.
            if self.lineCount > limits.headerCountMax + 1 { throw .headTooLarge }
        }
        self.scannedBytes = index
        if self.lineCount == 0, index > limits.targetBytesMax + HTTPSyntax.methodBytesMax + 16 {
            throw .targetTooLong
        }
        if bytes.count >= limits.headBytesMax { throw .headTooLarge }
        return nil
    }
}
