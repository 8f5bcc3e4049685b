internal import Primitives

/// Parses the events of a `text/event-stream`; only their data is used.
/// - Source: WHATWG HTML, "Server-sent events", 9.2.6.
package struct ServerSentEvents: Sendable {
    /// The limit for one event, in bytes; an engine that exceeds it is disconnected.
    package static let eventBytesMax = 8 << 20

    private var bytes: [UInt8] = []
    /// The start of the first incomplete line.
    private var lineStart = 0
    /// The end of the part of that line that was already searched.
    private var looked = 0
    /// The data of the current event so far.
    private var data: ArraySlice<UInt8>?
    /// Whether no line was read yet: a byte order mark may precede the first one.
    private var isAtStart = true

    package init() {}

    package mutating func append(_ more: [UInt8]) {
        if self.lineStart == self.bytes.count {
            self.bytes = more
            self.looked = 0
            self.lineStart = 0
            return
        }
        if self.lineStart > 0 {
            self.bytes.removeSubrange(..<self.lineStart)
            self.looked -= self.lineStart
            self.lineStart = 0
        }
        self.bytes += more
    }

    /// The data of the next complete event; nil until more bytes arrive.
    /// - Throws: when an event is too long.
    package mutating func next() throws(EngineClientError) -> ArraySlice<UInt8>? {
        while let line = self.nextLine() {
            guard !line.isEmpty else {
                guard let data = self.data.take() else { continue }
                return data
            }
            let isMarked = self.isAtStart && self.bytes[line].starts(with: Self.mark)
            self.isAtStart = false
            let content = line.dropFirst(isMarked ? Self.mark.count : 0)
            guard self.bytes[content].starts(with: Self.field) else { continue }
            var start = content.lowerBound + Self.field.count
            if start < line.upperBound, self.bytes[start] == 0x20 { start += 1 }
            if self.data == nil {
                self.data = self.bytes[start..<line.upperBound]
            } else {
                self.data?.append(0x0A)
                self.data?.append(contentsOf: self.bytes[start..<line.upperBound])
            }
            guard (self.data?.count ?? 0) <= Self.eventBytesMax else { throw Self.tooLong }
        }
        guard self.bytes.count - self.lineStart <= Self.eventBytesMax else { throw Self.tooLong }
        return nil
    }

    private static let field = Array("data:".utf8)
    /// The byte order mark.
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let tooLong = EngineClientError.malformed("an event is longer than \(Self.eventBytesMax) bytes")

    /// The next line without its terminator, LF or CRLF.
    private mutating func nextLine() -> Range<Int>? {
        let end = ByteScan.first(0x0A, in: self.bytes.span, from: self.looked)
        guard end < self.bytes.count else {
            self.looked = self.bytes.count
            return nil
        }
        var last = end
        if last > self.lineStart, self.bytes[last - 1] == 0x0D { last -= 1 }
        defer {
            self.lineStart = end + 1
            self.looked = end + 1
        }
        return self.lineStart..<last
    }
}
