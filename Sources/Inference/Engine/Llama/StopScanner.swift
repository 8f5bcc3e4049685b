/// Finds the first stop sequence in a text that arrives in pieces, and holds back what may be the beginning of one.
package struct StopScanner: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// The sequence that was found; the text before it was already returned.
    package private(set) var found: String?

    package init(_ stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    }

    var isEmpty: Bool { self.stops.isEmpty }

    /// - Returns: text that certainly precedes any stop sequence.
    /// - Complexity: O(bytes of the piece and of the longest sequence, times all sequences' bytes).
    package mutating func take(_ piece: String) -> String {
        guard self.found == nil else { return "" }
        guard !self.stops.isEmpty else { return piece }
        self.held += piece.utf8
        var first: (place: Int, stop: [UInt8])?
        for stop in self.stops {
            guard let place = self.place(of: stop), place < first?.place ?? Int.max else { continue }
            first = (place, stop)
        }
        if let first {
            self.found = String(decoding: first.stop, as: UTF8.self)
            defer { self.held = [] }
            return String(decoding: self.held[..<first.place], as: UTF8.self)
        }
        let kept = self.stops.reduce(0) { max($0, self.overlap($1)) }
        let given = String(decoding: self.held[..<(self.held.count - kept)], as: UTF8.self)
        self.held.removeFirst(self.held.count - kept)
        return given
    }

    /// The text that was held back and is not part of a stop sequence.
    package mutating func end() -> String {
        defer { self.held = [] }
        return String(decoding: self.held, as: UTF8.self)
    }

    private func place(of stop: [UInt8]) -> Int? {
        guard self.held.count >= stop.count else { return nil }
        return (0...(self.held.count - stop.count)).first { self.held[$0...].starts(with: stop) }
    }

    /// The length of the longest suffix that may be the beginning of a sequence.
    private func overlap(_ stop: [UInt8]) -> Int {
        let longest = min(stop.count - 1, self.held.count)
        // Most pieces have nothing of a sequence. Comparing each length would be quadratic in a text that nearly fits.
        guard self.held.suffix(longest).contains(stop[0]) else { return 0 }
        return ByteSearch(stop.prefix(longest)).overlap(with: self.held[...])
    }
}
