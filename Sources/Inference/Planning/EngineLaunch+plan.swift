extension EngineLaunch {
    /// Applies a plan: slots, context, cache and layers.
    package mutating func follow(_ plan: Admission.Plan) {
        let settings = plan.settings
        if self.purpose == .chat { self.slots = settings.slots }
        self.slotContextTokens = Int(clamping: settings.contextPerSlot)
        self.keyType = settings.cacheType
        self.valueType = settings.cacheType
        self.isCacheUnified = settings.isUnified
        self.microBatchTokens = Int(clamping: settings.batchTokens)
        self.gpuLayers = settings.deviceLayers > 0 ? .count(settings.deviceLayers) : .none
        self.hostExpertLayers = settings.deviceLayers > 0 ? settings.hostExpertLayers : 0
        self.device = plan.device.flatMap { $0.id.isEmpty ? nil : $0.id }
        // If the engine has no GPU, none is used, whatever device was planned for.
        guard plan.device?.isPretended == true else { return }
        self.gpuLayers = .none
        self.hostExpertLayers = 0
    }
}
