/// Finds the first stop sequence in a text that arrives in pieces, and holds back what may be the beginning of one.
package struct StopScanner: Sendable {
    private let stops: [(text: String, search: ByteSearch)]
    private var held: [UInt8] = []
    /// The sequence that was found; the text before it was already returned.
    package private(set) var found: String?

    package init(_ stops: [String]) {
        self.stops = stops.filter { !$0.isEmpty }.map { ($0, ByteSearch($0)) }
    }

    var isEmpty: Bool { self.stops.isEmpty }

    /// - Returns: text that certainly precedes any stop sequence.
    /// - Complexity: O(bytes of the piece and of the longest sequence, times the number of sequences).
    package mutating func take(_ piece: String) -> String {
        guard self.found == nil else { return "" }
        guard !self.stops.isEmpty else { return piece }
        self.held += piece.utf8
        var first: (place: Int, stop: String)?
        for stop in self.stops {
            guard let place = stop.search.firstIndex(in: self.held.span), place < first?.place ?? Int.max else {
                continue
            }
            first = (place, stop.text)
        }
        if let first {
            self.found = first.stop
            defer { self.held = [] }
            return String(decoding: self.held[..<first.place], as: UTF8.self)
        }
        // What may be the beginning of a sequence: no whole one is there.
        let kept = self.stops.reduce(0) { max($0, $1.search.overlap(with: self.held[...])) }
        let given = String(decoding: self.held[..<(self.held.count - kept)], as: UTF8.self)
        self.held.removeFirst(self.held.count - kept)
        return given
    }

    /// The text that was held back and is not part of a stop sequence.
    package mutating func end() -> String {
        defer { self.held = [] }
        return String(decoding: self.held, as: UTF8.self)
    }
}
