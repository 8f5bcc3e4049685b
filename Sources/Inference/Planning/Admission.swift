/// Decides how a model is started on a device that others may be using: in full, smaller, in another's place, or later.
///
/// Nothing is measured or started here. What is given up first: slots, then the precision of keys and values, then
/// context down to `contextMin`, then layers on the device (experts first). A model that is idle makes room before more
/// than half of the layers would leave the device; the rest of the layers leave it when there is nobody to make room.
package enum Admission {
    /// Tokens of a slot when nobody says otherwise; a model that was trained on fewer gets those.
    package static let contextDefault: UInt64 = 8_192

    /// Tokens of a slot that are not given up for room.
    package static let contextMin: UInt64 = 4_096

    /// Generations at once when nobody says otherwise.
    package static let slotsDefault = 4

    /// Tokens of a slot, slots and tokens of a batch that are planned at most; a larger wish is cut.
    package static let contextMax: UInt64 = 1 << 22
    /// llama.cpp's own bound, `LLAMA_MAX_SEQ`.
    package static let slotsMax = 256
    package static let batchTokensMax: UInt64 = 1 << 16

    /// What is asked for a model.
    package struct Wish: Sendable, Hashable {
        package var slots: Int
        /// nil takes `contextDefault`.
        package var contextPerSlot: UInt64?
        package var cacheType: ChildSettings.CacheType
        package var isUnified = false
        package var batchTokens: UInt64 = 512
        /// Bytes of the projector's file; 0 without one.
        package var projectorBytes: UInt64 = 0
        /// The small model that guesses ahead.
        package var draft: ModelShape?
        /// Memory of the host that its engine may take; nil where that is not known.
        package var hostBytesMax: UInt64?

        package init(
            slots: Int = Admission.slotsDefault, contextPerSlot: UInt64? = nil,
            cacheType: ChildSettings.CacheType = .f16
        ) {
            self.slots = slots
            self.contextPerSlot = contextPerSlot
            self.cacheType = cacheType
        }
    }

    /// An engine that runs on the device.
    package struct Resident: Sendable, Hashable {
        package var id: String
        package var bytes: UInt64
        /// When it last answered, on any clock; the smallest is unloaded first.
        package var lastUsed: UInt64
        /// Whether it answers no request and is not pinned.
        package var isIdle: Bool

        package init(id: String, bytes: UInt64, lastUsed: UInt64, isIdle: Bool) {
            self.id = id
            self.bytes = bytes
            self.lastUsed = lastUsed
            self.isIdle = isIdle
        }
    }

    /// What is to be done.
    package enum Decision: Sendable, Hashable {
        /// Start it; the engines with these ids are ended first.
        case start(unloading: [String])
        /// Wait until an engine that answers now is done.
        case queue
        /// It cannot run on this device, whatever is unloaded.
        case refuse
    }

    /// The decision, and how it came about.
    package struct Plan: Sendable, Hashable {
        package var decision: Decision
        package var settings: ChildSettings
        package var estimate: MemoryEstimate
        /// One sentence for each thing that was given up, in order.
        package var steps: [String]
    }

    /// Plans a model on a device, whose `freeBytes` are what is free beside the engines in `residents`; on
    /// `DeviceProfile.none` it is the machine's own memory that it must fit into.
    package static func plan(
        _ shape: ModelShape, _ wish: Wish, on device: DeviceProfile, residents: [Resident] = []
    ) -> Plan {
        let isHostOnly = device.memoryBytes == 0
        let search = PlanSearch(shape: shape, wish: wish, isHostOnly: isHostOnly)
        var notes = search.openingNotes
        var unloaded: [Resident] = []
        var idle = residents.filter(\.isIdle).sorted { ($0.lastUsed, $0.id) < ($1.lastUsed, $1.id) }[...]
        var room = isHostOnly ? wish.hostBytesMax ?? .max : device.usableBytes
        while true {
            if let found = search.shrink(into: room, leastDeviceLayers: (shape.layers.count + 1) / 2) {
                let decision = Decision.start(unloading: unloaded.map(\.id))
                return Plan(
                    decision: decision, settings: found.settings, estimate: found.estimate, steps: notes + found.steps)
            }
            guard let victim = idle.popFirst() else { break }
            room = isHostOnly ? room : room + victim.bytes
            unloaded.append(victim)
            notes.append("\(victim.id), idle for longest, is unloaded and gives \(PlanText.size(victim.bytes)).")
        }
        let busy = residents.filter { !$0.isIdle }
        let whole = busy.reduce(room) { isHostOnly ? $0 : $0 + $1.bytes }
        if !busy.isEmpty, let later = search.shrink(into: whole, leastDeviceLayers: (shape.layers.count + 1) / 2) {
            let sentence = "It waits until a model that answers now is done (\(busy.count) busy)."
            return Plan(
                decision: .queue, settings: later.settings, estimate: later.estimate,
                steps: search.openingNotes + [sentence])
        }
        if let found = search.shrink(into: room, leastDeviceLayers: 0) {
            let decision = Decision.start(unloading: unloaded.map(\.id))
            return Plan(
                decision: decision, settings: found.settings, estimate: found.estimate, steps: notes + found.steps)
        }
        let least = search.smallest
        let needs = "The machine's memory does not hold it: \(PlanText.size(least.estimate.hostTotal)) are needed"
        return Plan(
            decision: .refuse, settings: least.settings, estimate: least.estimate,
            steps: search.openingNotes + ["\(needs), \(PlanText.size(wish.hostBytesMax ?? 0)) may be used."])
    }
}
