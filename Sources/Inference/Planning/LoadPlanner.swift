internal import Primitives
internal import Synchronization

/// The memory needs of a model, before it is loaded.
package enum LoadNeed: Sendable {
    /// Its shape is known, as are the requested settings.
    case shaped(ModelShape, Admission.RequestedSettings, EstimateMemo)
    /// Its kind cannot be planned: it is started with its settings, and takes about this many bytes.
    case opaque(UInt64)
}

/// How a model is started, and its memory.
package struct LoadPlan: Sendable, Equatable {
    package var launch: EngineLaunch
    package var booking: MemoryBooking
    /// The device's display name; nil when the CPU computes everything.
    package var deviceName: String?
    /// The reductions, one sentence each.
    package var steps: [String]

    package init(launch: EngineLaunch, booking: MemoryBooking, deviceName: String? = nil, steps: [String] = []) {
        self.launch = launch
        self.booking = booking
        self.deviceName = deviceName
        self.steps = steps
    }
}

/// Provides the available memory and the needs of models, on which the model host bases its decisions.
package protocol LoadPlanner: Sendable {
    /// Called before each load, and repeatedly while a model waits.
    func room() async -> MachineRoom

    /// - Throws: when the model's file cannot be read or is damaged.
    func need(of model: LocalModel) async throws(InferenceError) -> LoadNeed
}

extension LoadNeed {
    /// The minimum memory of an engine besides its file, if nothing else is known.
    private static let opaqueExtraBytes: UInt64 = 256 << 20

    /// The current plan for a model on this machine.
    func plan(
        _ launch: EngineLaunch, in room: MachineRoom, beside residents: [Admission.Resident]
    ) -> (decision: Admission.Decision, plan: LoadPlan) {
        var launch = launch
        launch.tellsBuffers = room.tellsBuffers
        switch self {
        case .shaped(let shape, let requested, let memo):
            let plan = Admission.plan(shape, requested, in: room, residents: residents, memo: memo)
            launch.follow(plan)
            return (
                plan.decision,
                LoadPlan(
                    launch: launch, booking: plan.booking, deviceName: plan.device?.profile.name, steps: plan.steps)
            )
        case .opaque(let fileBytes):
            let bytes = fileBytes + Self.opaqueExtraBytes
            var booking = MemoryBooking(hostBytes: bytes, mappedBytes: fileBytes)
            let device = launch.gpuLayers == .none ? nil : room.devices.first { !$0.isPretended }
            if let device {
                if launch.gpuLayers == .automatic { launch.gpuLayers = .all }
                launch.device = device.id.isEmpty ? nil : device.id
                booking = MemoryBooking(
                    deviceID: device.id, deviceBytes: bytes + MemoryEstimate.fixedDeviceBytes,
                    hostBytes: Self.opaqueExtraBytes)
            } else {
                launch.gpuLayers = .none
            }
            var steps = ["Only its size is known, not its architecture: it is started as the settings say."]
            let decision = Self.opaqueDecision(booking, device, room, residents)
            if decision == .refuse {
                let pinned = residents.filter { $0.state == .pinned }
                let others = residents.filter { $0.state != .pinned }
                let usable =
                    device.map { room.bytes(on: $0, beside: pinned, after: others) }
                    ?? room.hostBytes(beside: pinned, after: others)
                steps.append("It takes about \(PlanText.size(bytes)), and \(PlanText.size(usable)) may be used.")
            }
            let plan = LoadPlan(launch: launch, booking: booking, deviceName: device?.profile.name, steps: steps)
            return (decision, plan)
        }
    }

    private static func opaqueDecision(
        _ booking: MemoryBooking, _ device: MachineRoom.Device?, _ room: MachineRoom,
        _ residents: [Admission.Resident]
    ) -> Admission.Decision {
        func fits(_ left: [Admission.Resident]) -> Bool {
            let ids = Set(left.map(\.id))
            let gone = residents.filter { !ids.contains($0.id) }
            let onDevice = device.map { room.bytes(on: $0, beside: left, after: gone) >= booking.deviceBytes } ?? true
            return onDevice && room.hostBytes(beside: left, after: gone) >= booking.hostBytes
        }
        let order = residents.sorted { ($0.lastUsed, $0.id) < ($1.lastUsed, $1.id) }
        var left = residents
        if fits(left) { return .start(unloading: []) }
        var gone: [Admission.Resident] = []
        for state in [Admission.Resident.State.idle, .busy] {
            for resident in order where resident.state == state {
                left.removeAll { $0.id == resident.id }
                gone.append(resident)
                guard fits(left) else { continue }
                // Models that were removed unnecessarily stay.
                for spared in gone.reversed() where fits(left + [spared]) {
                    left.append(spared)
                    gone.removeAll { $0.id == spared.id }
                }
                let ids = gone.map(\.id)
                return gone.contains { $0.state == .busy } ? .queue(awaiting: ids) : .start(unloading: ids)
            }
        }
        return .refuse
    }
}

/// The server's planner: it examines this machine and the files of models.
package final class MachinePlanner: LoadPlanner {
    /// The owner's limits for models.
    package struct Settings: Sendable, Equatable {
        /// A device to plan for instead of the existing ones; `DeviceProfile.none` means CPU only; nil uses the
        /// existing ones.
        package var profile: DeviceProfile?
        /// The share of each device; nil uses all but its margin.
        package var deviceShare: MemoryShare?
        /// The share of main memory.
        package var hostShare: MemoryShare = .part(0.8)

        package init() {}
    }

    /// The number of models whose files are cached; further ones are read again.
    private static let needCountMax = 64

    private struct CachedNeed {
        var file: FileFacts?
        var projector: FileFacts?
        var model: LocalModel
        var need: LoadNeed
    }

    private let settings: Settings
    private let program: @Sendable () -> EngineProgram?
    private let engine: EngineFactsCache
    private let cached = Mutex<[String: CachedNeed]>([:])

    package init(
        settings: Settings, engine: EngineFactsCache, program: @escaping @Sendable () -> EngineProgram?
    ) {
        self.settings = settings
        self.program = program
        self.engine = engine
    }

    package func room() async -> MachineRoom {
        let facts = await self.engine.facts(self.program())
        return Self.room(self.settings, facts, MachineMemory.host())
    }

    /// The available memory, from the settings and the measured values.
    package static func room(
        _ settings: Settings, _ facts: EngineFacts?, _ host: MachineMemory.Host?
    ) -> MachineRoom {
        var room = MachineRoom(hostAvailableBytes: host?.availableBytes)
        room.hostTotalBytes = host?.totalBytes
        room.hostLimitBytes = settings.hostShare.bytes(of: host?.totalBytes ?? .max)
        room.tellsBuffers = facts?.tellsBuffers ?? false
        var devices = facts?.devices ?? []
        if let profile = settings.profile {
            let here = devices.first
            devices = []
            if profile.memoryBytes > 0 {
                devices = [
                    MachineRoom.Device(id: here?.id ?? "", profile: profile, isLive: false, isPretended: here == nil)
                ]
            }
        }
        for index in devices.indices {
            let total = devices[index].profile.memoryBytes
            devices[index].limitBytes = settings.deviceShare?.bytes(of: total) ?? total
        }
        room.devices = devices
        return room
    }

    package func need(of model: LocalModel) async throws(InferenceError) -> LoadNeed {
        let file = Files.facts(model.launch.modelPath)
        let projector = model.launch.projectorPath.flatMap(Files.facts)
        let cached = self.cached.withLock { $0[model.name] }
        if let cached, cached.file == file, cached.projector == projector, cached.model == model { return cached.need }
        let need = try Self.read(model)
        self.cached.withLock { table in
            if table.count >= Self.needCountMax { table.removeAll() }
            table[model.name] = CachedNeed(file: file, projector: projector, model: model, need: need)
        }
        return need
    }

    /// Reads a file's metadata, without its weights.
    private static func read(_ model: LocalModel) throws(InferenceError) -> LoadNeed {
        guard EngineFiles.isFile(model.launch.modelPath) else {
            throw .notLoaded("the file \(model.launch.modelPath) is not there")
        }
        let file: GGUFFile
        do throws(GGUFError) {
            file = try GGUFFile.open(model.launch.modelPath)
        } catch {
            throw .notLoaded("the file \(model.launch.modelPath) cannot be loaded: \(error.detail)")
        }
        let projectorBytes = model.launch.projectorPath.flatMap(Files.facts).map { UInt64(clamping: $0.bytes) } ?? 0
        // If the layers of a file cannot be determined, the whole file is counted.
        guard let shape = try? ModelShape(file) else { return .opaque(file.fileBytes + projectorBytes) }
        var requested = Admission.RequestedSettings(model, layerCount: shape.layers.count)
        requested.projectorBytes = projectorBytes
        // A draft model that cannot be read is planned without memory.
        if let path = model.launch.draftPath {
            requested.draft = (try? GGUFFile.open(path)).flatMap { try? ModelShape($0) }
        }
        return .shaped(shape, requested, EstimateMemo())
    }
}

extension Admission.RequestedSettings {
    /// The settings that a model requests.
    init(_ model: LocalModel, layerCount: Int) {
        let launch = model.launch
        self.init(
            // Texts to embed share one context, regardless of how many are computed concurrently.
            slots: launch.purpose == .chat ? launch.slots : 1,
            contextPerSlot: model.isContextDefault ? nil : UInt64(max(1, launch.slotContextTokens)),
            cacheType: launch.keyType)
        self.isUnified = launch.isCacheUnified
        switch launch.purpose {
        case .chat: self.batchTokens = UInt64(launch.microBatchTokens ?? 512)
        // Such an engine computes a whole text in one step.
        case .embeddings, .reranking:
            self.batchTokens = UInt64(max(1, launch.slotContextTokens))
            self.contextPerSlot = self.batchTokens
        }
        switch launch.gpuLayers {
        case .none: self.deviceLayers = 0
        case .all: self.deviceLayers = layerCount + 1
        case .count(let count): self.deviceLayers = min(count, layerCount + 1)
        case .automatic: self.deviceLayers = nil
        }
    }
}
