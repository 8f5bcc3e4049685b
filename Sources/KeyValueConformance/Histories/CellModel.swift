/// Numbered cells that hold a number or nothing, read and changed one at a time or several together: what an item with
/// one attribute is, and what a transaction does to several.
package struct CellModel: SequentialModel {
    package typealias State = [Int?]

    /// What one cell must hold for its change, and those beside it, to be made.
    package enum Condition: Hashable, Sendable {
        case always
        /// nil: nothing.
        case holds(Int?)
        case holdsSomething

        func isMet(by value: Int?) -> Bool {
            switch self {
            case .always: true
            case .holds(let wanted): wanted == value
            case .holdsSomething: value != nil
            }
        }
    }

    /// What becomes of one cell.
    package enum Change: Hashable, Sendable {
        case none
        case set(Int)
        case remove
        /// A cell that holds nothing counts as 0.
        case add(Int)

        func applied(to value: Int?) -> Int? {
            switch self {
            case .none: value
            case .set(let new): new
            case .remove: nil
            case .add(let amount): (value ?? 0) + amount
            }
        }
    }

    /// The change of one cell, under a condition.
    package struct Write: Hashable, Sendable {
        package let cell: Int
        package let condition: Condition
        package let change: Change

        package init(_ cell: Int, _ change: Change, if condition: Condition = .always) {
            self.cell = cell
            self.condition = condition
            self.change = change
        }
    }

    /// A request, over any number of cells.
    package enum Call: Hashable, Sendable {
        /// As of one moment.
        case read([Int])
        /// All, or none where a condition is not met.
        case write([Write])
    }

    /// What a request came to, as far as the client was told.
    package enum Answer: Hashable, Sendable {
        case values([Int?])
        /// With what the cells held before and afterwards, where the answer says so.
        case done(before: [Int?]? = nil, after: [Int?]? = nil)
        /// A condition was not met; with what the cells held, where the answer says so.
        case refused(seen: [Int?]? = nil)
    }

    package let initial: [Int?]

    package init(_ initial: [Int?]) {
        self.initial = initial
    }

    package func step(_ state: [Int?], _ call: Call, _ answer: Answer?) -> [Int?]? {
        switch call {
        case .read(let cells):
            if case .values(let values)? = answer, values != cells.map({ state[$0] }) { return nil }
            return state
        case .write(let writes):
            let before = writes.map { state[$0.cell] }
            let isMet = zip(writes, before).allSatisfy { $0.condition.isMet(by: $1) }
            let after = zip(writes, before).map { $0.change.applied(to: $1) }
            switch answer {
            case .done(let saidBefore, let saidAfter)?:
                guard isMet, saidBefore ?? before == before, saidAfter ?? after == after else { return nil }
            case .refused(let seen)?:
                guard !isMet, seen ?? before == before else { return nil }
            case .values?: return nil
            case nil: break
            }
            guard isMet else { return state }
            var state = state
            for (write, value) in zip(writes, after) { state[write.cell] = value }
            return state
        }
    }

    /// The history of each cell for itself, as that of cell 0, where no request touches several.
    package static func divided(
        _ history: [HistoryEntry<Call, Answer>]
    ) -> [Int: [HistoryEntry<Call, Answer>]] {
        var parts: [Int: [HistoryEntry<Call, Answer>]] = [:]
        for entry in history {
            let (cell, call): (Int, Call)
            switch entry.call {
            case .read(let cells):
                precondition(cells.count == 1, "a read of several cells cannot be divided")
                (cell, call) = (cells[0], .read([0]))
            case .write(let writes):
                precondition(writes.count == 1, "a write of several cells cannot be divided")
                (cell, call) = (writes[0].cell, .write([Write(0, writes[0].change, if: writes[0].condition)]))
            }
            parts[cell, default: []].append(
                HistoryEntry(call: call, begin: entry.begin, end: entry.end, answer: entry.answer))
        }
        return parts
    }
}
