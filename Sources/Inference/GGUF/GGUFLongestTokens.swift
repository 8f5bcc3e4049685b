/// How long the tokens of a vocabulary are at most: what bounds a prompt's tokens from below, before it is tokenised.
package struct GGUFLongestTokens: Sendable, Hashable {
    /// Bytes of the longest token as the file writes it.
    package private(set) var writtenBytes: UInt64 = 0
    /// The same in a byte-level vocabulary, its blanks left aside: there a letter stands for each byte of a text, and
    /// some tokens are a hundred blanks.
    package private(set) var inkBytes: UInt64 = 0

    init() {}

    /// The letters that stand for the blanks from tab to carriage return, and for the space.
    /// - Source: GPT-2's `bytes_to_unicode`.
    private static let blanks: Set<Unicode.Scalar> = ["\u{109}", "\u{10A}", "\u{10B}", "\u{10C}", "\u{10D}", "\u{120}"]

    /// Reads one token; those that are no longer than what was found are read over.
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
        // A blank's letter has two bytes. Other letters of two bytes stand for one, which may be a bound too high.
        let blankCount = text.unicodeScalars.count { Self.blanks.contains($0) }
        self.inkBytes = max(self.inkBytes, count - 2 * UInt64(blankCount))
    }
}
