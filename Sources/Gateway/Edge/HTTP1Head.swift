package import NIOCore
package import Primitives

/// How the end of a message's body is found.
package enum HTTP1BodyFraming: Sendable, Hashable {
    /// Exactly this many bytes; 0 when the request has none.
    case length(Int)
    case chunked
}

/// A request head that holds every rule, and what it says about the connection.
package struct HTTP1Head: Sendable, Hashable {
    package var request: RequestHead
    package var framing: HTTP1BodyFraming
    /// HTTP/1.0: no chunked answers.
    package var isVersion10: Bool
    /// Whether the client wants the connection to live on.
    package var keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body.
    package var expectsContinue: Bool
}

/// Finds and reads request heads in the bytes of a connection.
///
/// It is stricter than RFC 9112 asks, because what two parsers read differently is how requests are smuggled: lines end
/// with CR LF only, no folded lines, no space before the colon, one Content-Length or one `Transfer-Encoding: chunked`
/// and never both, exactly one Host. It pulls: nothing behind the head is looked at.
package struct HTTP1HeadParser {
    /// Bytes from the head's start that hold no end of the head.
    private var scannedBytes = 0
    private var lineStart = 0
    private var lineCount = 0
    private var hasSkippedEmptyLine = false

    package init() {}

    /// Takes one head off the front of `input` when it is whole.
    /// - Returns: nil when more bytes are needed.
    /// - Complexity: O(bytes not looked at before), plus O(head) once.
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

    /// One empty line before a request is forgiven (RFC 9112, 2.2): old clients send one after a body.
    /// - Returns: false when it takes another byte to tell.
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

    /// - Returns: the index behind the empty line that ends the head.
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
            // The request line is a line too.
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
