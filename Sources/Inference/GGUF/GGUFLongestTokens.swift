/// The longest tokens of a vocabulary, which give a lower bound for the tokens of a prompt without tokenising it.
package struct GGUFLongestTokens: Sendable, Equatable {
    /// Bytes of the longest token as stored in the file.
    package private(set) var writtenBytes: UInt64 = 0
    /// The same for a byte-level vocabulary, not counting white space: there, each byte of a text is written as a
    /// letter, and some tokens are a hundred spaces.
    package private(set) var inkBytes: UInt64 = 0

    init() {}

    /// The letters that represent white space: tab to carriage return, and the space.
    /// - Source: GPT-2's `bytes_to_unicode`.
    private static let blanks: Set<Unicode.Scalar> = ["\u{109}", "\u{10A}", "\u{10B}", "\u{10C}", "\u{10D}", "\u{120}"]

    /// Reads one token; tokens that are not longer than the longest so far are skipped.
    mutating func read(_ cursor: inout GGUFCursor) throws(GGUFError) {
        let count = try cursor.unsigned(bytes: 8)
        self.writtenBytes = max(self.writtenBytes, count)
        guard count > self.inkBytes else { return try cursor.skip(count, "a text of \(count) bytes") }
        guard count <= GGUFLimits.keptTextBytesMax else {
            try cursor.skip(count, "a text of \(count) bytes")
            self.inkBytes = count
            return
        }
        let text = String(decoding: try cursor.bytes(count, "a text"), as: UTF8.self)
        // The letter for white space has two bytes. Other two-byte letters represent one byte, so the bound may be too
        // high.
        let blankCount = text.unicodeScalars.count { Self.blanks.contains($0) }
        self.inkBytes = max(self.inkBytes, count - 2 * UInt64(blankCount))
    }
}
