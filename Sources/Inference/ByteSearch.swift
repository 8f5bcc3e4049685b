/// Searches for one text in another in linear time, whatever their content (Knuth-Morris-Pratt).
struct ByteSearch: Sendable {
    private let pattern: [UInt8]
    /// For each position, the length of the pattern's prefix that still matches after a mismatch.
    private let fallback: [Int]

    init(_ pattern: String) { self.init(Array(pattern.utf8)[...]) }

    init(_ bytes: ArraySlice<UInt8>) {
        let pattern = Array(bytes)
        var fallback = [Int](repeating: 0, count: pattern.count)
        var fitting = 0
        for index in pattern.indices.dropFirst() {
            while fitting > 0, pattern[index] != pattern[fitting] { fitting = fallback[fitting - 1] }
            if pattern[index] == pattern[fitting] { fitting += 1 }
            fallback[index] = fitting
        }
        self.pattern = pattern
        self.fallback = fallback
    }

    /// The bytes of the pattern.
    var count: Int { self.pattern.count }

    /// The start of the pattern's first occurrence; nil without one, and for an empty pattern.
    func firstIndex(in bytes: Span<UInt8>) -> Int? {
        var fitting = 0
        return self.end(in: bytes, after: &fitting).map { $0 - self.pattern.count }
    }

    /// The end of the pattern's first occurrence in a text that comes in pieces: it may have begun before these bytes.
    /// - Parameters:
    ///   - bytes: the next piece.
    ///   - fitting: the bytes of the pattern with which the text ended before, and ends now if nothing is found; 0 at
    ///     the beginning.
    /// - Returns: the place after its last byte; nil without one, and for an empty pattern.
    func end(in bytes: Span<UInt8>, after fitting: inout Int) -> Int? {
        guard !self.pattern.isEmpty else { return nil }
        for index in bytes.indices {
            while fitting > 0, bytes[index] != self.pattern[fitting] { fitting = self.fallback[fitting - 1] }
            if bytes[index] == self.pattern[fitting] { fitting += 1 }
            if fitting == self.pattern.count { return index + 1 }
        }
        return nil
    }

    /// Whether a text contains the pattern.
    func isIn(_ text: String) -> Bool { self.firstIndex(in: text.utf8.span) != nil }
}
