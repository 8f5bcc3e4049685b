internal import Synchronization

/// Which cached prompts a request may reuse: in each slot, the engine keeps what it computed there last.
package enum PromptCaching: Sendable {
    /// Any: the engine selects the slot whose prompt has the longest common prefix.
    case shared
    /// None: for external servers, whose slots may also serve others.
    case off
    /// Those of the same caller: slots have owners, and a slot taken over from another caller starts without its cache.
    case byCaller(SlotOwners)
}

/// The last caller of each of an engine's slots.
///
/// A request gets a slot that its caller had before, otherwise an unused one, otherwise the least recently used.
/// `SlotQueue` decides when a request may run: there are never more requests than slots.
package final class SlotOwners: Sendable {
    /// The slot that one request gets.
    package struct Place: Sendable, Equatable {
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
        /// Increases with each finished request; the lowest number is the least recently used slot.
        var rested: UInt64 = 0
    }

    private let slots: Mutex<(slots: [Slot], last: UInt64)>

    package init(slots: Int) {
        self.slots = Mutex(([Slot](repeating: Slot(), count: slots), 0))
    }

    /// Takes a slot until it is given back; nil when all are taken.
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
