internal import Primitives

/// The list between semicolons that says which headers are signed, in its own order and spelling.
struct SignedHeaderNames: Sendable, Hashable {
    let text: ArraySlice<UInt8>

    /// The number of names, empty ones included.
    var count: Int {
        self.text.reduce(1) { $1 == UInt8(ascii: ";") ? $0 + 1 : $0 }
    }

    /// Whether a header of that name is in the list; the list must be in lower case, the name need not.
    func contains(_ name: String) -> Bool {
        let names = self.text.span
        let wanted = name.utf8.span
        var start = 0
        while let range = Self.nextName(names, from: start) {
            if Self.equal(wanted, names, range) { return true }
            start = range.upperBound + 1
        }
        return false
    }

    /// Calls `body` with each name and the span that it lies in.
    func forEach(_ body: (Span<UInt8>, Range<Int>) -> Void) {
        let names = self.text.span
        var start = 0
        while let range = Self.nextName(names, from: start) {
            body(names, range)
            start = range.upperBound + 1
        }
    }

    private static func nextName(_ names: Span<UInt8>, from start: Int) -> Range<Int>? {
        guard start <= names.count else { return nil }
        var end = start
        while end < names.count, names[end] != UInt8(ascii: ";") { end += 1 }
        return start..<end
    }

    /// Whether a header's name in any case is the name at `range`.
    static func equal(_ header: Span<UInt8>, _ names: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard header.count == range.count else { return false }
        for index in header.indices where ASCII.lowercased(header[index]) != names[range.lowerBound + index] {
            return false
        }
        return true
    }
}
