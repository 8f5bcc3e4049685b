extension EngineLaunch {
    /// Takes over what a plan decided: slots, context, cache and layers.
    package mutating func follow(_ plan: Admission.Plan) {
        let settings = plan.settings
        self.slots = settings.slots
        self.slotContextTokens = Int(clamping: settings.contextPerSlot)
        self.keyType = settings.cacheType
        self.valueType = settings.cacheType
        self.isCacheUnified = settings.isUnified
        self.microBatchTokens = Int(clamping: settings.batchTokens)
        self.gpuLayers = settings.deviceLayers > 0 ? .count(settings.deviceLayers) : .none
        self.hostExpertLayers = settings.deviceLayers > 0 ? settings.hostExpertLayers : 0
    }
}
