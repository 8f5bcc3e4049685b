/// One request of a history: what was asked, when, and what came back.
package struct HistoryEntry<Call: Sendable, Answer: Sendable>: Sendable {
    package let call: Call
    /// Moments of one counter that grows with every request and every answer: `HistoryRecorder` has it.
    package let begin: Int
    /// nil where no answer came: the request may have been done, at any later moment, or not.
    package let end: Int?
    /// nil where no answer came.
    package let answer: Answer?

    package init(call: Call, begin: Int, end: Int?, answer: Answer?) {
        self.call = call
        self.begin = begin
        self.end = end
        self.answer = answer
    }
}

/// What a thing does when its requests come one after another.
package protocol SequentialModel: Sendable {
    associatedtype State: Hashable & Sendable
    associatedtype Call: Sendable
    associatedtype Answer: Sendable

    var initial: State { get }

    /// - Returns: the state afterwards; nil where that answer cannot be. Without an answer, any can.
    func step(_ state: State, _ call: Call, _ answer: Answer?) -> State?
}

/// Whether a history could have happened one request after another, each at some moment between its begin and its end.
///
/// The search of Wing and Gong, with Lowe's memory of places that lead nowhere. A history is divided by key beforehand
/// where keys are independent: the search grows with how many requests overlap, not with their number.
/// - Source: Wing, Gong, "Testing and Verifying Concurrent Objects", 1993; Lowe, "Testing for Linearizability", 2017.
package struct Linearizability<Model: SequentialModel> {
    package typealias Entry = HistoryEntry<Model.Call, Model.Answer>

    /// What the search came to.
    package enum Verdict: Sendable, CustomStringConvertible {
        case holds
        /// No order explains the answers; the sentence says how far the longest explanation came.
        case violated(String)
        /// `placesMax` places were looked at.
        case undecided

        package var isHeld: Bool {
            if case .holds = self { true } else { false }
        }

        package var description: String {
            switch self {
            case .holds: "linearizable"
            case .violated(let sentence): "not linearizable: \(sentence)"
            case .undecided: "the history has too many requests at once to be decided"
            }
        }
    }

    /// Requests without an answer that one history can have.
    package static var openCountMax: Int { 64 }
    /// Places that are looked at, after which a history is undecided.
    package static var placesMax: Int { 2_000_000 }

    private let model: Model
    /// Answered requests, in the order of their begins.
    private let done: [Entry]
    private let open: [Entry]

    /// How far an explanation has come.
    private struct Place: Hashable {
        /// The first request that is not explained yet, of `done`.
        var floor = 0
        /// Explained ones behind it, in order.
        var ahead: [Int] = []
        /// Bits of `open` that were done.
        var opened: UInt64 = 0
        var state: Model.State
    }

    private struct Frame {
        let place: Place
        let next: [Place]
        var index = 0
    }

    package init(_ model: Model, _ history: [Entry]) {
        self.model = model
        self.done = history.filter { $0.end != nil }.sorted { $0.begin < $1.begin }
        self.open = history.filter { $0.end == nil }.sorted { $0.begin < $1.begin }
    }

    package func check() -> Verdict {
        guard self.open.count <= Self.openCountMax else { return .undecided }
        let start = Place(state: self.model.initial)
        if self.done.isEmpty { return .holds }
        var seen: Set<Place> = [start]
        var deepest = start
        var stack = [Frame(place: start, next: self.successors(of: start))]
        while let last = stack.last {
            guard last.index < last.next.count else {
                stack.removeLast()
                continue
            }
            stack[stack.count - 1].index += 1
            let place = last.next[last.index]
            if place.floor == self.done.count { return .holds }
            guard seen.insert(place).inserted else { continue }
            guard seen.count <= Self.placesMax else { return .undecided }
            if Self.depth(place) > Self.depth(deepest) { deepest = place }
            stack.append(Frame(place: place, next: self.successors(of: place)))
        }
        return .violated(self.explanation(deepest))
    }

    private static func depth(_ place: Place) -> Int { place.floor + place.ahead.count }

    /// Answered requests that may come next: those which began before any other that is not explained ended.
    private func candidates(_ place: Place) -> (done: [Int], before: Int) {
        var firstEnd = Int.max
        var found: [Int] = []
        var ahead = place.ahead[...]
        for index in place.floor..<self.done.count {
            if ahead.first == index {
                ahead.removeFirst()
                continue
            }
            guard self.done[index].begin < firstEnd else { break }
            firstEnd = min(firstEnd, self.done[index].end ?? .max)
            found.append(index)
        }
        // Most were done in the order of their ends: what is likely is looked at first.
        let next = found.filter { self.done[$0].begin < firstEnd }
        return (next.sorted { (self.done[$0].end ?? 0) < (self.done[$1].end ?? 0) }, firstEnd)
    }

    private func successors(of place: Place) -> [Place] {
        let candidates = self.candidates(place)
        var next: [Place] = []
        for index in candidates.done {
            let entry = self.done[index]
            guard let state = self.model.step(place.state, entry.call, entry.answer) else { continue }
            var moved = place
            moved.state = state
            moved.ahead.append(index)
            moved.ahead.sort()
            while moved.ahead.first == moved.floor {
                moved.ahead.removeFirst()
                moved.floor += 1
            }
            next.append(moved)
        }
        for (bit, entry) in self.open.enumerated() where entry.begin < candidates.before {
            let mask: UInt64 = 1 << UInt64(bit)
            guard place.opened & mask == 0, let state = self.model.step(place.state, entry.call, nil) else { continue }
            // One that changes nothing explains nothing.
            guard state != place.state else { continue }
            var moved = place
            moved.state = state
            moved.opened |= mask
            next.append(moved)
        }
        return next
    }

    private func explanation(_ place: Place) -> String {
        let left = self.candidates(place).done.map { index in
            let entry = self.done[index]
            return "\(entry.begin)-\(entry.end ?? 0) \(entry.call) → \(entry.answer.map { "\($0)" } ?? "?")"
        }
        let open = self.open.enumerated().filter { place.opened & (1 << UInt64($0.offset)) == 0 }
            .map { "\($0.element.begin)- \($0.element.call)" }
        return
            "\(Self.depth(place)) of \(self.done.count) answers are explained and leave \(place.state); then none of "
            + "[\(left.joined(separator: "; "))]"
            + (open.isEmpty ? "" : ", unanswered [\(open.joined(separator: "; "))]")
    }
}
