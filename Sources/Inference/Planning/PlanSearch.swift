/// Finds the settings closest to the requested ones that fit into the available memory.
struct PlanSearch {
    /// Settings that fit, and sentences about the reductions.
    struct Found {
        var settings: ChildSettings
        var estimate: MemoryEstimate
        var steps: [String] = []
    }

    /// The available memory in bytes.
    struct AvailableBytes {
        var device: UInt64
        var host: UInt64
    }

    let shape: ModelShape
    let requested: Admission.RequestedSettings
    /// Whether there is no device, so that everything must fit into main memory.
    let isHostOnly: Bool
    /// Whether the CPU also takes the device's part.
    let isPretended: Bool
    let memo: EstimateMemo

    /// The requested context of a slot, within the limits.
    private var context: UInt64 {
        let wished = self.requested.contextPerSlot ?? Admission.contextDefault
        return max(1, min(wished, self.shape.trainedContext ?? wished, Admission.contextMax))
    }

    /// Notes that are always included.
    var openingNotes: [String] {
        let wished = self.requested.contextPerSlot
        if let wished, wished > self.context {
            return [
                "The context of \(wished) tokens is cut to \(self.context), the most that the model was trained on."
            ]
        }
        return wished == nil ? ["The context is \(self.context) tokens per slot, the default."] : []
    }

    /// The settings as requested, with all layers on the device.
    private var full: ChildSettings {
        let all = self.shape.layers.count + 1
        return ChildSettings(
            slots: min(max(1, self.requested.slots), Admission.slotsMax), contextPerSlot: self.context,
            isUnified: self.requested.isUnified,
            cacheType: self.requested.cacheType,
            batchTokens: min(max(1, self.requested.batchTokens), Admission.batchTokensMax),
            deviceLayers: self.isHostOnly ? 0 : min(self.requested.deviceLayers ?? all, all))
    }

    /// The minimum: no layers on the device, unless their number is fixed.
    var smallest: Found {
        var settings = self.full
        settings.slots = 1
        if settings.cacheType == .f16 { settings.cacheType = .q8_0 }
        settings.contextPerSlot = min(settings.contextPerSlot, Admission.contextMin)
        if self.requested.deviceLayers == nil { settings.deviceLayers = 0 }
        return Found(settings: settings, estimate: self.estimate(settings))
    }

    /// Reduces one setting after another until it fits.
    ///
    /// `leastDeviceLayers` is the minimum number of layers on the device, counting the output matrix; returns nil when
    /// it does not fit even so.
    func shrink(into available: AvailableBytes, leastDeviceLayers: Int) -> Found? {
        var found = Found(settings: self.full, estimate: self.estimate(self.full))
        self.reduceSlots(&found, available)
        self.reducePrecision(&found, available)
        self.reduceContext(&found, available)
        if !self.isHostOnly, self.requested.deviceLayers == nil {
            self.moveExpertsToHost(&found, available.device)
            self.moveLayersToHost(&found, available.device, leastDeviceLayers)
        }
        return self.isOver(found, available) ? nil : found
    }

    /// Its main memory.
    func hostNeed(_ found: Found) -> UInt64 {
        let estimate = found.estimate
        return estimate.hostTotal + (self.isPretended ? estimate.deviceTotal - estimate.fixed : 0)
    }

    private func estimate(_ settings: ChildSettings) -> MemoryEstimate {
        if let known = self.memo[settings] { return known }
        let estimate = self.computed(settings)
        self.memo[settings] = estimate
        return estimate
    }

    private func computed(_ settings: ChildSettings) -> MemoryEstimate {
        var draft: UInt64 = 0
        if let shape = self.requested.draft {
            var own = settings
            own.deviceLayers = shape.layers.count + 1
            let estimate = MemoryEstimate(shape, own)
            // It runs in the same process.
            draft = estimate.deviceTotal - estimate.fixed
        }
        return MemoryEstimate(self.shape, settings, projectorBytes: self.requested.projectorBytes, draft: draft)
    }

    private func isOver(_ found: Found, _ available: AvailableBytes) -> Bool {
        self.hostNeed(found) > available.host || (!self.isHostOnly && found.estimate.deviceTotal > available.device)
    }

    private func isOver(_ found: Found, _ availableBytes: UInt64) -> Bool {
        found.estimate.deviceTotal > availableBytes
    }

    private func change(_ found: inout Found, _ change: (inout ChildSettings) -> Void) {
        change(&found.settings)
        found.estimate = self.estimate(found.settings)
    }

    private func reduceSlots(_ found: inout Found, _ available: AvailableBytes) {
        let before = found.settings.slots
        while self.isOver(found, available), found.settings.slots > 1 {
            self.change(&found) { $0.slots /= 2 }
        }
        guard found.settings.slots < before else { return }
        let slots = PlanText.slots(found.settings.slots)
        found.steps.append("\(slots) instead of \(before): fewer answers at once, others wait.")
    }

    private func reducePrecision(_ found: inout Found, _ available: AvailableBytes) {
        guard self.isOver(found, available), found.settings.cacheType == .f16 else { return }
        self.change(&found) { $0.cacheType = .q8_0 }
        found.steps.append("Keys and values in q8_0 instead of f16: about half the memory.")
    }

    private func reduceContext(_ found: inout Found, _ available: AvailableBytes) {
        let before = found.settings.contextPerSlot
        while self.isOver(found, available), found.settings.contextPerSlot > Admission.contextMin {
            let half = found.settings.contextPerSlot / 2 / ChildSettings.contextStep * ChildSettings.contextStep
            self.change(&found) { $0.contextPerSlot = max(Admission.contextMin, half) }
        }
        guard found.settings.contextPerSlot < before else { return }
        found.steps.append("A context of \(found.settings.contextPerSlot) tokens instead of \(before).")
    }

    private func moveExpertsToHost(_ found: inout Found, _ availableBytes: UInt64) {
        guard self.isOver(found, availableBytes), self.shape.hasExperts else { return }
        // Moving more layers' experts to the host never takes more of the device's memory, so a binary search finds the
        // fewest.
        let count = self.shape.layers.count
        let layers = self.fewest(1...count) { layers in
            var tried = found
            self.change(&tried) { $0.hostExpertLayers = layers }
            return !self.isOver(tried, availableBytes)
        }
        self.change(&found) { $0.hostExpertLayers = layers ?? count }
        let share = "\(found.settings.hostExpertLayers) of \(count) layers"
        found.steps.append("The experts of \(share) stay in the machine's memory: slower, but the rest fits.")
    }

    private func moveLayersToHost(_ found: inout Found, _ availableBytes: UInt64, _ least: Int) {
        guard self.isOver(found, availableBytes) else { return }
        let all = self.shape.layers.count + 1
        guard least < all else { return }
        let gone = self.fewest(1...(all - least)) { gone in
            var tried = found
            self.change(&tried) { $0.deviceLayers = all - gone }
            return !self.isOver(tried, availableBytes)
        }
        self.change(&found) { $0.deviceLayers = all - (gone ?? all - least) }
        let left = found.settings.deviceLayers
        found.steps.append("\(left) of \(all) layers on the device: the others run on the processor, much slower.")
    }

    /// The smallest number for which the condition holds, if it holds for all larger ones; nil when it holds for none.
    private func fewest(_ range: ClosedRange<Int>, _ holds: (Int) -> Bool) -> Int? {
        guard holds(range.upperBound) else { return nil }
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Sizes and counts as text.
package enum PlanText {
    /// Such as `1 slot` or `4 slots`.
    package static func slots(_ count: Int) -> String { count == 1 ? "1 slot" : "\(count) slots" }

    /// Such as `18.2 GiB` or `812 MiB`.
    package static func size(_ bytes: UInt64) -> String {
        if bytes >= 1 << 30 {
            let tenths = (Double(bytes) / Double(1 << 30) * 10).rounded()
            return "\(Int(tenths) / 10).\(Int(tenths) % 10) GiB"
        }
        return "\((bytes + (1 << 19)) >> 20) MiB"
    }
}
