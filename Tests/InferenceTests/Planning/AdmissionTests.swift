import Inference
import Testing

/// What is given up for room, in which order, and what is said of it.
struct AdmissionTests {
    /// Some eight thousand million numbers in four bits: 4.2 GiB of weights.
    static let dense = "dense llama 32 4096 32 8 128 14336 128256 0 0 0 0 0 q4_k q4_k"
    /// The same with experts: 16 GiB, of which most are the experts'.
    static let experts = "experts qwen3moe 48 2048 32 4 128 6144 151936 128 8 768 0 0 q4_k q4_k"

    private func shape(_ line: String) throws -> ModelShape {
        var shape = try ShapeLine(line.split(separator: " ").map(String.init)).modelShape()
        shape.trainedContext = 131_072
        return shape
    }

    private func card(_ gibibytes: Double) -> DeviceProfile {
        DeviceProfile(
            name: "card", memoryBytes: UInt64((gibibytes + 1) * 1_073_741_824), bytesPerSecond: 936e9)
    }

    /// A card of 32 GiB of which others, and what is loaded, leave so much beside the margin.
    private func taken(leaving gibibytes: Double) -> DeviceProfile {
        DeviceProfile(
            name: "card", memoryBytes: 32 << 30, freeBytes: UInt64((gibibytes + 1) * 1_073_741_824),
            bytesPerSecond: 936e9)
    }

    private func resident(
        _ id: String, _ gibibytes: UInt64, lastUsed: UInt64, _ state: Admission.Resident.State
    ) -> Admission.Resident {
        let booking = MemoryBooking(deviceID: "", deviceBytes: gibibytes << 30)
        return Admission.Resident(id: id, booking: booking, lastUsed: lastUsed, state: state)
    }

    @Test func `what fits is started as it is wished, and the default context is said`() throws {
        let plan = Admission.plan(try self.shape(Self.dense), .init(), on: self.card(23))
        #expect(plan.decision == .start(unloading: []))
        #expect(plan.settings.slots == 4)
        #expect(plan.settings.contextPerSlot == 8192)
        #expect(plan.settings.cacheType == .f16)
        #expect(plan.settings.deviceLayers == 33)
        #expect(plan.steps == ["The context is 8192 tokens per slot, the default."])
        #expect(plan.estimate.deviceTotal <= 23 << 30)
    }

    @Test func `slots go first, then the numbers of the cache, then context, then layers`() throws {
        let shape = try self.shape(Self.dense)
        let requested = Admission.RequestedSettings(contextPerSlot: 32_768)
        var seen: [[String]] = []
        for gibibytes in stride(from: 24.0, through: 2.0, by: -1.0) {
            let plan = Admission.plan(shape, requested, on: self.card(gibibytes), hostBytesMax: 64 << 30)
            #expect(plan.decision == .start(unloading: []), "\(gibibytes) GiB")
            #expect(Double(plan.estimate.deviceTotal) <= gibibytes * 1_073_741_824, "\(gibibytes) GiB")
            #expect(plan.settings.contextPerSlot >= Admission.contextMin)
            let kinds = plan.steps.map { $0.split(separator: " ")[1].prefix(4) }.map(String.init)
            if seen.last != kinds { seen.append(kinds) }
        }
        let expected: [[String]] = [
            [], ["slot"], ["slot", "and"], ["slot", "and", "cont"], ["slot", "and", "cont", "of"],
        ]
        #expect(seen == expected)
    }

    @Test func `experts leave the device before whole layers do`() throws {
        let shape = try self.shape(Self.experts)
        let plan = Admission.plan(shape, .init(slots: 1), on: self.card(10))
        #expect(plan.decision == .start(unloading: []))
        #expect((1..<48).contains(plan.settings.hostExpertLayers))
        #expect(plan.settings.deviceLayers == 49)
        let sentence = "The experts of \(plan.settings.hostExpertLayers) of 48 layers stay in the machine's memory: "
        #expect(plan.steps.last == sentence + "slower, but the rest fits.")
    }

    @Test func `the model that is idle for longest makes room, and not the one that answers`() throws {
        let shape = try self.shape(Self.dense)
        let residents = [
            self.resident("busy", 9, lastUsed: 1, .busy), self.resident("new", 5, lastUsed: 9, .idle),
            self.resident("old", 6, lastUsed: 2, .idle),
        ]
        let plan = Admission.plan(shape, .init(), on: self.taken(leaving: 1), residents: residents)
        #expect(plan.decision == .start(unloading: ["old"]))
        #expect(plan.steps.contains("old, idle the longest, is unloaded and frees 6.0 GiB."))
        // Which made room for everything but slots.
        #expect(plan.settings.deviceLayers == 33)
    }

    @Test func `a model waits when only models that answer could make room`() throws {
        let shape = try self.shape(Self.dense)
        let busy = self.resident("busy", 20, lastUsed: 1, .busy)
        let plan = Admission.plan(shape, .init(), on: self.taken(leaving: 1), residents: [busy])
        #expect(plan.decision == .queue(awaiting: ["busy"]))
        #expect(plan.steps.last == "It waits until a busy model has finished (1 busy).")
    }

    @Test func `a pinned model makes no room, however long one waits`() throws {
        let shape = try self.shape(Self.dense)
        let pinned = self.resident("mine", 20, lastUsed: 1, .pinned)
        let plan = Admission.plan(shape, .init(), on: self.card(2), hostBytesMax: 1 << 30, residents: [pinned])
        #expect(plan.decision == .refuse)
        #expect(plan.steps.last?.hasSuffix("1.0 GiB may be used beside the pinned models mine.") == true)
    }

    @Test func `only who is needed makes room`() throws {
        let shape = try self.shape(Self.dense)
        let residents = [
            self.resident("small", 1, lastUsed: 1, .idle), self.resident("large", 8, lastUsed: 2, .idle),
        ]
        let plan = Admission.plan(shape, .init(), on: self.taken(leaving: 0.2), residents: residents)
        #expect(plan.decision == .start(unloading: ["large"]))
    }

    @Test func `the card where a model loses least takes it`() throws {
        let shape = try self.shape(Self.dense)
        let room = MachineRoom(devices: [
            .init(id: "CUDA0", profile: self.card(3)), .init(id: "CUDA1", profile: self.card(12)),
            .init(id: "CUDA2", profile: self.card(4)),
        ])
        #expect(Admission.plan(shape, .init(), in: room).device?.id == "CUDA1")
        let booking = MemoryBooking(deviceID: "CUDA1", deviceBytes: 11 << 30)
        let busy = Admission.Resident(
            id: "b", booking: booking, lastUsed: 1, state: .busy, isSettled: false)
        let plan = Admission.plan(shape, .init(), in: room, residents: [busy])
        #expect(plan.device?.id == "CUDA2")
        #expect(plan.decision == .start(unloading: []))
    }

    @Test func `layers that are said are neither raised nor given up`() throws {
        let shape = try self.shape(Self.dense)
        var requested = Admission.RequestedSettings()
        requested.deviceLayers = 10
        #expect(Admission.plan(shape, requested, on: self.card(23)).settings.deviceLayers == 10)
        requested.deviceLayers = 33
        let plan = Admission.plan(shape, requested, on: self.card(3))
        #expect(plan.decision == .refuse)
        #expect(plan.steps.last?.hasPrefix("card is too small: 4.") == true)
        #expect(plan.steps.last?.hasSuffix(" GiB are needed for 33 layers, 3.0 GiB may be used.") == true)
        requested.deviceLayers = 0
        #expect(Admission.plan(shape, requested, on: self.card(23)).device == nil)
    }

    @Test func `what is being loaded is taken off what is free, what is loaded is not`() {
        let card = MachineRoom.Device(id: "CUDA0", profile: self.card(20), limitBytes: 18 << 30)
        let room = MachineRoom(devices: [card], hostAvailableBytes: 10 << 30, hostLimitBytes: 20 << 30)
        let booking = MemoryBooking(
            deviceID: "CUDA0", deviceBytes: 5 << 30, hostBytes: 3 << 30, mappedBytes: 2 << 30)
        var resident = Admission.Resident(id: "a", booking: booking, lastUsed: 1, state: .busy)
        #expect(room.bytes(on: card, beside: [resident]) == 13 << 30)
        #expect(room.hostBytes(beside: [resident]) == (8 << 30) - MachineRoom.hostMarginBytes)
        resident.isSettled = false
        #expect(room.bytes(on: card, beside: [resident, resident]) == 8 << 30)
        #expect(room.hostBytes(beside: [resident]) == (7 << 30) - MachineRoom.hostMarginBytes)
    }

    @Test func `with nobody to make room, most layers may leave the device`() throws {
        let plan = Admission.plan(
            try self.shape(Self.dense), .init(), on: self.card(2), hostBytesMax: 32 << 30)
        #expect(plan.decision == .start(unloading: []))
        #expect((1..<16).contains(plan.settings.deviceLayers))
        #expect(plan.estimate.visiting > 0)
    }

    @Test func `what neither the device nor the machine holds is refused`() throws {
        let plan = Admission.plan(
            try self.shape(Self.dense), .init(), on: self.card(0), hostBytesMax: 1 << 30)
        #expect(plan.decision == .refuse)
        #expect(plan.steps.last?.hasPrefix("The machine's memory is too small: 4.") == true)
        #expect(plan.steps.last?.hasSuffix(" are needed, 1.0 GiB may be used.") == true)
    }

    @Test func `without a device everything stays with the host, and gives up the same things for its memory`() throws {
        let shape = try self.shape(Self.dense)
        let whole = Admission.plan(shape, .init(), on: .none)
        #expect(whole.decision == .start(unloading: []))
        #expect(whole.settings.deviceLayers == 0)
        #expect(whole.settings.slots == 4)
        #expect(whole.estimate.deviceTotal == 0)
        let small = Admission.plan(shape, .init(), on: .none, hostBytesMax: 6 << 30)
        #expect(small.decision == .start(unloading: []))
        #expect(small.estimate.hostTotal <= 6 << 30)
        #expect(small.settings.slots < 4)
    }

    @Test func `an engine is started as the plan says`() throws {
        let plan = Admission.plan(try self.shape(Self.experts), .init(slots: 1), on: self.card(10))
        var launch = EngineLaunch(modelPath: "model.gguf", alias: "model")
        launch.follow(plan)
        #expect(launch.slots == 1)
        #expect(launch.slotContextTokens == 4096)
        #expect(launch.keyType == .q8_0)
        #expect(launch.gpuLayers == .count(49))
        #expect(launch.hostExpertLayers == plan.settings.hostExpertLayers)
        launch.follow(Admission.plan(try self.shape(Self.experts), .init(slots: 2), on: .none))
        #expect(launch.gpuLayers == .none)
        #expect(launch.slotContextTokens == 8192)
    }

    @Test func `a context beyond the trained one is cut, with a sentence`() throws {
        var shape = try self.shape(Self.dense)
        shape.trainedContext = 8000
        let plan = Admission.plan(shape, .init(slots: 1, contextPerSlot: 9000), on: self.card(23))
        #expect(plan.settings.contextPerSlot == 8000)
        #expect(plan.steps == ["The context of 9000 tokens is cut to 8000, the most that the model was trained on."])
    }

    @Test func `the largest settings that can be requested overflow nothing`() throws {
        var requested = Admission.RequestedSettings(slots: .max, contextPerSlot: .max)
        requested.batchTokens = .max
        var shape = try self.shape(Self.dense)
        shape.trainedContext = nil
        let plan = Admission.plan(shape, requested, on: self.card(23))
        #expect(plan.decision == .start(unloading: []))
    }

    @Test func `a projector and a draft need room beside the model`() throws {
        let shape = try self.shape(Self.dense)
        let plain = Admission.plan(shape, .init(slots: 1), on: self.card(23))
        var requested = Admission.RequestedSettings(slots: 1)
        requested.projectorBytes = 800 << 20
        requested.draft = shape
        let both = Admission.plan(shape, requested, on: self.card(23))
        #expect(both.estimate.projector == (800 << 20) + (1 << 30))
        let own = plain.estimate.deviceTotal - plain.estimate.fixed
        #expect(both.estimate.draft == own)
    }

    @Test func `without a card a projector and a draft need room of the machine's`() throws {
        let shape = try self.shape(Self.dense)
        let settings = ChildSettings(contextPerSlot: 4096, deviceLayers: 0)
        let plain = MemoryEstimate(shape, settings)
        let both = MemoryEstimate(shape, settings, projectorBytes: 10 << 20, draft: 3 << 20)
        #expect(both.hostTotal - plain.hostTotal == (10 << 20) + (64 << 20) + 2 * (10 << 20) + (3 << 20))
        #expect(both.deviceTotal == 0)
    }

    @Test func `the ceiling of speed is what reading the memory allows`() throws {
        let shape = try self.shape(Self.dense)
        let settings = ChildSettings(contextPerSlot: 8192, deviceLayers: 33)
        let speed = try #require(SpeedEstimate(shape, settings, on: self.card(23)))
        let weights = shape.weightBytes - shape.embeddingBytes
        #expect(abs(speed.ceilingEmpty - 936e9 / Double(weights)) < 0.01)
        let cache = 32.0 * 8192 * 8 * 256 * 2
        #expect(abs(speed.ceilingFull - 936e9 / (Double(weights) + cache)) < 0.01)
        // Of the experts only those that are used are read: many times faster than its size says.
        let sparse = try self.shape(Self.experts)
        let all = ChildSettings(contextPerSlot: 8192, deviceLayers: 49)
        let fast = try #require(SpeedEstimate(sparse, all, on: self.card(23)))
        #expect(fast.ceilingEmpty > 5 * 936e9 / Double(sparse.weightBytes))
    }
}

extension ModelShape {
    /// The size of all weights in the file.
    fileprivate var weightBytes: UInt64 {
        self.layers.reduce(self.embeddingBytes + (self.isTied ? 0 : self.outputBytes)) {
            $0 + $1.bytes + $1.expertBytes
        }
    }
}
