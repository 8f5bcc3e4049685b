/// Decides how a model is started on a machine with other models: in full, reduced, in place of another, or later.
///
/// Nothing is measured or started here. The order of reductions: slots, then the precision of keys and values, then
/// context down to `contextMin`, then layers on the device (experts first). Idle models are unloaded before more than
/// half of the layers leave the device; the other layers leave it when there is no model to unload.
package enum Admission {
    /// The default context of a slot in tokens; a model trained with a smaller one gets that.
    package static let contextDefault: UInt64 = 8_192

    /// The context of a slot that is never reduced further.
    package static let contextMin: UInt64 = 4_096

    /// The default number of concurrent generations.
    package static let slotsDefault = 4

    /// The maximum of a slot's context, of slots and of batch tokens in a plan; larger ones are reduced.
    package static let contextMax: UInt64 = 1 << 22
    /// llama.cpp's own limit, `LLAMA_MAX_SEQ`.
    package static let slotsMax = 256
    package static let batchTokensMax: UInt64 = 1 << 16

    /// The requested settings of a model.
    package struct RequestedSettings: Sendable, Equatable {
        package var slots: Int
        /// nil: `contextDefault`.
        package var contextPerSlot: UInt64?
        package var cacheType: ChildSettings.CacheType
        package var isUnified = false
        package var batchTokens: UInt64 = 512
        /// A fixed number of layers on the device, counting the output matrix; nil leaves it to the plan, 0 means CPU
        /// only.
        package var deviceLayers: Int?
        /// Bytes of the projector's file; 0 without one.
        package var projectorBytes: UInt64 = 0
        /// The draft model.
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

    /// An engine that occupies memory of this machine.
    package struct Resident: Sendable, Equatable {
        /// Whether it can be unloaded.
        package enum State: Sendable, Hashable {
            /// It has no requests: it may be stopped at once.
            case idle
            /// It serves requests, is loading, or is stopping: it may be unloaded later.
            case busy
            /// It is never unloaded.
            case pinned
        }

        package var id: String
        package var booking: MemoryBooking
        /// When it last answered, on any clock; the smallest value is unloaded first.
        package var lastUsed: UInt64
        package var state: State
        /// Whether the machine's free memory already excludes its memory; not the case while it is loading.
        package var isSettled: Bool

        package init(
            id: String, booking: MemoryBooking, lastUsed: UInt64, state: State, isSettled: Bool = true
        ) {
            self.id = id
            self.booking = booking
            self.lastUsed = lastUsed
            self.state = state
            self.isSettled = isSettled
        }
    }

    /// The decision.
    package enum Decision: Sendable, Equatable {
        /// Start it, after stopping the engines with these ids.
        case start(unloading: [String])
        /// Wait until these engines have no requests, then stop them.
        case queue(awaiting: [String])
        /// It cannot run on this machine, whatever is unloaded.
        case refuse
    }

    /// The decision and its explanation.
    package struct Plan: Sendable, Equatable {
        package var decision: Decision
        package var settings: ChildSettings
        package var estimate: MemoryEstimate
        /// The device of its layers; nil when the CPU computes everything.
        package var device: MachineRoom.Device?
        /// One sentence for each reduction, in order; the last one of a refusal has its numbers.
        package var steps: [String]

        /// The memory that it reserves.
        package var booking: MemoryBooking { MemoryBooking(self.estimate, on: self.device) }
    }
}
