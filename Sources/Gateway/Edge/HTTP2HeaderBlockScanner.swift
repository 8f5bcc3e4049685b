/// Follows a client's frames to know whether a header block is open.
///
/// NIOHTTP2 reports only complete header blocks, and nothing of one that never ends.
/// - Source: RFC 9113, 4.1 (frame format) and 4.3 (a block is HEADERS and CONTINUATION up to END_HEADERS).
package struct HTTP2HeaderBlockScanner {
    private static let prefaceBytes = 24
    private static let frameHeadBytes = 9
    private static let headersType: UInt64 = 1
    private static let continuationType: UInt64 = 9
    private static let endHeadersFlag: UInt64 = 4

    /// Bytes to skip: of the preface, then of each payload.
    private var skippedBytes = Self.prefaceBytes
    private var frameHeadCount = 0
    /// Length (24 bits), type (8) and flags (8) of the frame.
    private var frameHead: UInt64 = 0
    private var endsBlock = false
    /// Whether a header block has begun and not ended.
    package private(set) var isInsideBlock = false

    package init() {}

    /// - Complexity: O(frames); payloads are not looked at.
    package mutating func scan(_ bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            if self.skippedBytes > 0 {
                let count = min(self.skippedBytes, bytes.count - index)
                index += count
                self.skippedBytes -= count
            } else {
                if self.frameHeadCount < 5 { self.frameHead = self.frameHead << 8 | UInt64(bytes[index]) }
                self.frameHeadCount += 1
                index += 1
                if self.frameHeadCount == Self.frameHeadBytes { self.beginFrame() }
            }
            if self.skippedBytes == 0, self.endsBlock {
                self.endsBlock = false
                self.isInsideBlock = false
            }
        }
    }

    private mutating func beginFrame() {
        let type = self.frameHead >> 8 & 0xFF
        if type == Self.headersType || type == Self.continuationType {
            self.isInsideBlock = true
            self.endsBlock = self.frameHead & Self.endHeadersFlag != 0
        }
        self.skippedBytes = Int(self.frameHead >> 16)
        self.frameHeadCount = 0
        self.frameHead = 0
    }
}
