/// Finds the first stop sequence in a text that arrives in pieces, and holds back what may be the beginning of one.
package struct StopScanner: Sendable {
    private struct Stop: Sendable {
        let text: String
        let search: ByteSearch
        /// The bytes of the sequence with which the text so far ends.
        var fitting = 0
    }

    private var stops: [Stop]
    private var held: [UInt8] = []
    /// The bytes of `held` that were already returned: they are removed when they make up half of it.
    private var givenCount = 0
    /// The sequence that was found; the text before it was already returned.
    package private(set) var found: String?

    package init(_ stops: [String]) {
        self.stops = stops.filter { !$0.isEmpty }.map { Stop(text: $0, search: ByteSearch($0)) }
    }

    var isEmpty: Bool { self.stops.isEmpty }

    /// - Returns: text that certainly precedes any stop sequence.
    /// - Complexity: O(bytes of the piece times the number of sequences), amortized, however much is held back.
    package mutating func take(_ piece: String) -> String {
        guard self.found == nil else { return "" }
        guard !self.stops.isEmpty else { return piece }
        var first: (place: Int, stop: String)?
        for index in self.stops.indices {
            let search = self.stops[index].search
            guard let end = search.end(in: piece.utf8.span, after: &self.stops[index].fitting) else { continue }
            let place = self.held.count - self.givenCount + end - search.count
            if place < first?.place ?? Int.max { first = (place, self.stops[index].text) }
        }
        self.held += piece.utf8
        if let first {
            self.found = first.stop
            return self.give(first.place)
        }
        // What may be the beginning of a sequence: no whole one is there.
        let kept = self.stops.reduce(0) { max($0, $1.fitting) }
        return self.give(self.held.count - self.givenCount - kept)
    }

    private mutating func give(_ count: Int) -> String {
        let text = String(decoding: self.held[self.givenCount..<(self.givenCount + count)], as: UTF8.self)
        self.givenCount += count
        if self.givenCount > self.held.count / 2 {
            self.held.removeFirst(self.givenCount)
            self.givenCount = 0
        }
        return text
    }

    /// The text that was held back and is not part of a stop sequence.
    package mutating func end() -> String {
        guard self.found == nil else { return "" }
        return self.give(self.held.count - self.givenCount)
    }
}
