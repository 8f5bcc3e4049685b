/// Decides how a model is started on a machine that others use too: in full, smaller, in another's place, or later.
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
        /// Layers on the device that are neither raised nor given up, the last matrix counted; nil leaves them to the
        /// plan, 0 is the processor alone.
        package var deviceLayers: Int?
        /// Bytes of the projector's file; 0 without one.
        package var projectorBytes: UInt64 = 0
        /// The small model that guesses ahead.
        package var draft: ModelShape?

        package init(
            slots: Int = Admission.slotsDefault, contextPerSlot: UInt64? = nil,
            cacheType: ChildSettings.CacheType = .f16
        ) {
            self.slots = slots
            self.contextPerSlot = contextPerSlot
            self.cacheType = cacheType
        }
    }

    /// An engine that has memory of this machine.
    package struct Resident: Sendable, Hashable {
        /// Whether it makes room.
        package enum Standing: Sendable, Hashable {
            /// It answers no request: it may be ended at once.
            case idle
            /// It answers, is being loaded, or is being ended: it may make room later.
            case busy
            /// It never makes room.
            case pinned
        }

        package var id: String
        package var booking: MemoryBooking
        /// When it last answered, on any clock; the smallest is unloaded first.
        package var lastUsed: UInt64
        package var standing: Standing
        /// Whether what the machine says to be free lacks its memory already; not so while it is being loaded.
        package var isSettled: Bool

        package init(
            id: String, booking: MemoryBooking, lastUsed: UInt64, standing: Standing, isSettled: Bool = true
        ) {
            self.id = id
            self.booking = booking
            self.lastUsed = lastUsed
            self.standing = standing
            self.isSettled = isSettled
        }
    }

    /// What is to be done.
    package enum Decision: Sendable, Hashable {
        /// Start it; the engines with these ids are ended first.
        case start(unloading: [String])
        /// Wait until these engines answer nothing any more, then end them.
        case queue(awaiting: [String])
        /// It cannot run on this machine, whatever is unloaded.
        case refuse
    }

    /// The decision, and how it came about.
    package struct Plan: Sendable, Hashable {
        package var decision: Decision
        package var settings: ChildSettings
        package var estimate: MemoryEstimate
        /// Where its layers are; nil where the processor computes everything.
        package var device: MachineRoom.Device?
        /// One sentence for each thing that was given up, in order; the last one of a refusal has its numbers.
        package var steps: [String]

        /// What it takes of the machine.
        package var booking: MemoryBooking { MemoryBooking(self.estimate, on: self.device) }
    }
}
