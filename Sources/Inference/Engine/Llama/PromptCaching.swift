internal import Synchronization

/// Whose computed prompts a request may begin with: the engine keeps, in each slot, what it computed last there.
package enum PromptCaching: Sendable {
    /// Anybody's: the engine takes the slot whose prompt begins most alike.
    case shared
    /// Nobody's: of servers elsewhere, whose slots others may use too.
    case off
    /// Those of the same caller: slots have owners, and who is given another's slot begins anew there.
    case byCaller(SlotOwners)
}

/// Who was given each of an engine's slots last.
///
/// A request is given a slot that was its caller's before, else one that nobody has had, else the one that has rested
/// for longest. Whether a turn is due is `SlotQueue`'s to say: there are never more requests than slots.
package final class SlotOwners: Sendable {
    /// What one request is given.
    package struct Place: Sendable, Hashable {
        package var slot: Int
        /// Whether the same caller had it last.
        package var isOwn: Bool

        package init(slot: Int, isOwn: Bool) {
            self.slot = slot
            self.isOwn = isOwn
        }
    }

    private struct Slot {
        var owner: String?
        var isTaken = false
        /// Counts up with each end of a request; the least has rested for longest.
        var rested: UInt64 = 0
    }

    private let slots: Mutex<(slots: [Slot], last: UInt64)>

    package init(slots: Int) {
        self.slots = Mutex(([Slot](repeating: Slot(), count: slots), 0))
    }

    /// A slot until it is given back; nil where all are taken.
    package func take(_ caller: String) -> Place? {
        self.slots.withLock { state in
            let free = state.slots.indices.filter { !state.slots[$0].isTaken }
            func rank(_ index: Int) -> Int {
                state.slots[index].owner == caller ? 0 : state.slots[index].owner == nil ? 1 : 2
            }
            let best = free.min { (rank($0), state.slots[$0].rested) < (rank($1), state.slots[$1].rested) }
            guard let best else { return nil }
            let isOwn = state.slots[best].owner == caller
            state.slots[best].owner = caller
            state.slots[best].isTaken = true
            return Place(slot: best, isOwn: isOwn)
        }
    }

    package func giveBack(_ place: Place) {
        self.slots.withLock { state in
            state.last += 1
            state.slots[place.slot].isTaken = false
            state.slots[place.slot].rested = state.last
        }
    }
}
