/// The settings of an engine that the plan decides.
package struct ChildSettings: Sendable, Hashable {
    /// How keys and values are stored.
    package typealias CacheType = EngineLaunch.CacheType

    /// The engine's contexts are multiples of this many tokens.
    static let contextStep: UInt64 = 256

    /// Concurrent generations.
    package var slots: Int
    /// The context of each slot in tokens.
    package var contextPerSlot: UInt64
    /// Whether all slots share one cache (`--kv-unified`): a single slot may then use all of it.
    package var isUnified: Bool
    package var cacheType: CacheType
    /// Tokens that are processed at once (`--ubatch-size`).
    package var batchTokens: UInt64
    /// Layers on the device, counted from the last one; one more than the model has puts the output matrix there too
    /// (`--n-gpu-layers`).
    package var deviceLayers: Int
    /// Layers, counted from the first one, whose experts stay in main memory (`--n-cpu-moe`).
    package var hostExpertLayers: Int

    package init(
        slots: Int = 1, contextPerSlot: UInt64, isUnified: Bool = false, cacheType: CacheType = .f16,
        batchTokens: UInt64 = 512, deviceLayers: Int, hostExpertLayers: Int = 0
    ) {
        precondition(slots > 0 && contextPerSlot > 0 && batchTokens > 0, "an engine has a slot with room for a token")
        self.slots = slots
        self.contextPerSlot = contextPerSlot
        self.isUnified = isUnified
        self.cacheType = cacheType
        self.batchTokens = batchTokens
        self.deviceLayers = deviceLayers
        self.hostExpertLayers = hostExpertLayers
    }

    /// The context of all slots together: the engine's `--ctx-size`.
    package var contextTotal: UInt64 { self.contextPerSlot * UInt64(self.slots) }

    /// The number of separate caches: one, or one for each slot.
    var streams: UInt64 { self.isUnified ? 1 : UInt64(self.slots) }

    /// The cells of one stream's cache, for layers that attend to all tokens, or only to a window of the last ones.
    /// - Source: llama.cpp's `llama-kv-cache-iswa.cpp`; checked against its log.
    func cells(sliding window: UInt64?) -> UInt64 {
        let all = Self.padded(self.isUnified ? self.contextTotal : self.contextPerSlot)
        guard let window else { return all }
        let seen = window * (self.isUnified ? UInt64(self.slots) : 1) + self.batchTokens
        return Self.padded(min(all, seen))
    }

    private static func padded(_ tokens: UInt64) -> UInt64 {
        (tokens + self.contextStep - 1) / self.contextStep * self.contextStep
    }
}

extension EngineLaunch.CacheType {
    /// The corresponding tensor type.
    var tensorType: TensorType {
        switch self {
        case .f16: .f16
        case .q8_0: .q8Zero
        case .q4_0: .q4Zero
        }
    }
}
