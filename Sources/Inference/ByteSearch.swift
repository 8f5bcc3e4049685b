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

    /// The start of the pattern's first occurrence; nil without one, and for an empty pattern.
    func firstIndex(in bytes: Span<UInt8>) -> Int? {
        guard !self.pattern.isEmpty else { return nil }
        var fitting = 0
        for index in bytes.indices {
            while fitting > 0, bytes[index] != self.pattern[fitting] { fitting = self.fallback[fitting - 1] }
            if bytes[index] == self.pattern[fitting] { fitting += 1 }
            if fitting == self.pattern.count { return index + 1 - fitting }
        }
        return nil
    }

    /// Whether a text contains the pattern.
    func isIn(_ text: String) -> Bool { self.firstIndex(in: text.utf8.span) != nil }

    /// The length of the longest suffix of `bytes`, no longer than the pattern, with which the pattern begins.
    func overlap(with bytes: ArraySlice<UInt8>) -> Int {
        var fitting = 0
        for byte in bytes.suffix(self.pattern.count) {
            while fitting > 0, byte != self.pattern[fitting] { fitting = self.fallback[fitting - 1] }
            if byte == self.pattern[fitting] { fitting += 1 }
        }
        return fitting
    }
}
