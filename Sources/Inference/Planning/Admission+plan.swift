extension Admission {
    /// Plans a model on one device, whose `freeBytes` are what is free beside the engines in `residents`; with
    /// `DeviceProfile.none` it must fit into main memory.
    ///
    /// `hostBytesMax` is the main memory that it may use; nil if unknown.
    package static func plan(
        _ shape: ModelShape, _ requested: RequestedSettings, on device: DeviceProfile, hostBytesMax: UInt64? = nil,
        residents: [Resident] = []
    ) -> Plan {
        var room = MachineRoom(hostLimitBytes: hostBytesMax)
        if device.memoryBytes > 0 { room.devices = [MachineRoom.Device(id: "", profile: device)] }
        return self.plan(shape, requested, in: room, residents: residents)
    }

    /// Plans a model on the device of a machine where it loses least; `memo` belongs to this shape and these settings.
    package static func plan(
        _ shape: ModelShape, _ requested: RequestedSettings, in room: MachineRoom, residents: [Resident] = [],
        memo: EstimateMemo = EstimateMemo()
    ) -> Plan {
        let devices: [MachineRoom.Device?] = requested.deviceLayers == 0 || room.devices.isEmpty ? [nil] : room.devices
        let plans = devices.map { DevicePlan(shape, requested, on: $0, in: room, residents, memo).plan }
        // Among equals the first one, in the machine's order.
        return plans.min { self.loss($0, shape) < self.loss($1, shape) } ?? plans[0]
    }

    /// What a plan gives up, the worst first.
    private static func loss(_ plan: Plan, _ shape: ModelShape) -> (Int, Int, Int, Int, Int) {
        let missing = shape.layers.count + 1 - plan.settings.deviceLayers
        let experts = plan.settings.hostExpertLayers
        switch plan.decision {
        case .start(let unloaded): return (0, missing, experts, unloaded.count, plan.steps.count)
        case .queue(let awaited): return (1, missing, experts, awaited.count, plan.steps.count)
        case .refuse: return (2, missing, experts, 0, plan.steps.count)
        }
    }
}

/// The plan of a model on one device, or on the CPU only.
private struct DevicePlan {
    let shape: ModelShape
    let requested: Admission.RequestedSettings
    let device: MachineRoom.Device?
    let room: MachineRoom
    let residents: [Admission.Resident]
    let search: PlanSearch

    init(
        _ shape: ModelShape, _ requested: Admission.RequestedSettings, on device: MachineRoom.Device?,
        in room: MachineRoom,
        _ residents: [Admission.Resident], _ memo: EstimateMemo
    ) {
        self.shape = shape
        self.requested = requested
        self.device = device
        self.room = room
        self.residents = residents
        self.search = PlanSearch(
            shape: shape, requested: requested, isHostOnly: device == nil, isPretended: device?.isPretended == true,
            memo: memo)
    }

    var plan: Admission.Plan {
        let half = (self.shape.layers.count + 1) / 2
        let idle = self.inOrder(.idle)
        let busy = self.inOrder(.busy)
        for least in [half, 0] {
            if let (found, gone) = self.firstFit(idle, after: [], least) {
                let notes = gone.map { resident in
                    let bytes = resident.booking.bytes(on: self.device?.id)
                    return "\(resident.id), idle the longest, is unloaded and frees \(PlanText.size(bytes))."
                }
                return self.made(.start(unloading: gone.map(\.id)), found, notes + found.steps)
            }
            if let (found, gone) = self.firstFit(busy, after: idle, least) {
                let count = gone.count { $0.state == .busy }
                let sentence = "It waits until a busy model has finished (\(count) busy)."
                return self.made(.queue(awaiting: gone.map(\.id)), found, [sentence])
            }
            // Without layers to give up, a second pass would have the same result.
            if self.device == nil || self.requested.deviceLayers != nil { break }
        }
        return self.made(.refuse, self.search.smallest, [self.refusal])
    }

    private func made(
        _ decision: Admission.Decision, _ found: PlanSearch.Found, _ steps: [String]
    ) -> Admission.Plan {
        Admission.Plan(
            decision: decision, settings: found.settings, estimate: found.estimate,
            device: found.settings.deviceLayers > 0 ? self.device : nil, steps: self.search.openingNotes + steps)
    }

    private func inOrder(_ state: Admission.Resident.State) -> [Admission.Resident] {
        self.residents.filter { $0.state == state }.sorted { ($0.lastUsed, $0.id) < ($1.lastUsed, $1.id) }
    }

    /// Removes residents one after another until it fits, beginning with `first`; then puts back those that were
    /// removed unnecessarily.
    private func firstFit(
        _ others: [Admission.Resident], after first: [Admission.Resident], _ least: Int
    ) -> (PlanSearch.Found, [Admission.Resident])? {
        var gone = first
        var waiting = others[...]
        // If it does not fit even without any of them, the search for the fewest is skipped.
        guard self.fit(without: first + others, least) != nil else { return nil }
        while true {
            if let found = self.fit(without: gone, least) {
                return self.spared(found, gone, least)
            }
            guard let next = waiting.popFirst() else { return nil }
            gone.append(next)
        }
    }

    private func spared(
        _ found: PlanSearch.Found, _ gone: [Admission.Resident], _ least: Int
    ) -> (PlanSearch.Found, [Admission.Resident]) {
        var (found, gone) = (found, gone)
        for resident in gone.reversed() {
            let fewer = gone.filter { $0.id != resident.id }
            guard let other = self.fit(without: fewer, least) else { continue }
            (found, gone) = (other, fewer)
        }
        return (found, gone)
    }

    private func fit(without gone: [Admission.Resident], _ least: Int) -> PlanSearch.Found? {
        let ids = Set(gone.map(\.id))
        let left = self.residents.filter { !ids.contains($0.id) }
        let available = PlanSearch.AvailableBytes(
            device: self.device.map { self.room.bytes(on: $0, beside: left, after: gone) } ?? 0,
            host: self.room.hostBytes(beside: left, after: gone))
        return self.search.shrink(into: available, leastDeviceLayers: least)
    }

    /// Why it can never fit: its minimum needs, the available memory, and the remedy.
    private var refusal: String {
        let least = self.search.smallest
        let pinned = self.residents.filter { $0.state == .pinned }
        let others = self.residents.filter { $0.state != .pinned }
        let taken = pinned.isEmpty ? "" : " beside the pinned models \(pinned.map(\.id).joined(separator: ", "))"
        if let device = self.device, least.settings.deviceLayers > 0 {
            let bytes = self.room.bytes(on: device, beside: pinned, after: others)
            return
                "\(device.profile.name) is too small: \(PlanText.size(least.estimate.deviceTotal)) are needed for "
                + "\(least.settings.deviceLayers) layers, \(PlanText.size(bytes)) may be used\(taken)."
        }
        let bytes = self.room.hostBytes(beside: pinned, after: others)
        let needed = self.search.hostNeed(least)
        return "The machine's memory is too small: \(PlanText.size(needed)) are needed, "
            + "\(PlanText.size(bytes)) may be used\(taken)."
    }
}
