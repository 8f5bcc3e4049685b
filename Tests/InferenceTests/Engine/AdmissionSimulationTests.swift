import Inference
import Primitives
import TestSupport
import Testing

/// Many generated machines, models and requests: memory is never promised twice, and everybody is served.
@Suite(.timeLimit(.minutes(2))) struct AdmissionSimulationTests {
    /// Models of 0.3 to 16 GiB.
    private static let shapes = [
        "small llama 16 1024 16 4 64 4096 32000 0 0 0 0 0 q4_k q4_k", AdmissionTests.dense, AdmissionTests.experts,
        "wide gemma3 24 2560 8 4 256 10240 128000 0 0 0 1024 0 q8_0 q8_0",
        "deep llama 40 5120 40 8 128 13824 32000 0 0 0 0 0 q4_k q4_k",
    ]

    /// Each line is read once for all scenarios.
    private static func modelShapes() throws -> [ModelShape] {
        try self.shapes.map { line in
            var shape = try ShapeLine(line.split(separator: " ").map(String.init)).modelShape()
            shape.trainedContext = 32_768
            return shape
        }
    }

    private func scenario(
        _ shapes: [ModelShape], _ random: SeededRandomSource, pinned: Bool
    ) -> AdmissionSimulation {
        func below(_ bound: UInt64) -> UInt64 { random.next() % bound }
        var limits = ModelHost.Limits()
        limits.loadedCountMax = Int(1 + below(5))
        var room = MachineRoom(
            hostAvailableBytes: (8 + below(56)) << 30, hostLimitBytes: (6 + below(48)) << 30)
        for index in 0..<Int(below(3)) {
            let memory = (4 + below(28)) << 30
            let profile = DeviceProfile(name: "card \(index)", memoryBytes: memory, bytesPerSecond: nil)
            room.devices.append(
                .init(id: "CUDA\(index)", profile: profile, limitBytes: memory - memory / 10, isLive: below(2) == 0))
        }
        var models: [LocalModel] = []
        var needs: [String: Result<LoadNeed, InferenceError>] = [:]
        for (index, shape) in shapes.enumerated() {
            let name = "m\(index)"
            var requested = Admission.RequestedSettings(slots: Int(1 + below(8)))
            if below(2) == 0 { requested.contextPerSlot = 2048 << below(4) }
            if below(6) == 0 { requested.deviceLayers = 0 }
            var model = LocalModel(name: name, launch: EngineLaunch(modelPath: "/\(name).gguf", alias: name))
            model.isPinned = pinned && index == 0
            models.append(model)
            needs[name] = .success(
                below(8) == 0 ? .opaque((1 + below(6)) << 30) : .shaped(shape, requested, EstimateMemo()))
        }
        needs["m5"] = .failure(.failed("a damaged file"))
        models.append(LocalModel(name: "m5", launch: EngineLaunch(modelPath: "/m5.gguf", alias: "m5")))
        return AdmissionSimulation(models: models, needs: needs, room: room, limits: limits, random: random)
    }

    @Test func `no memory is promised twice, and whoever fits is served`() throws {
        let seed = SeededRandomSource.testSeed(0xAD31)
        let random = SeededRandomSource(seed: seed)
        let shapes = try Self.modelShapes()
        var (granted, refused, unloaded) = (0, 0, 0)
        for index in 0..<24 {
            var scenario = self.scenario(shapes, random, pinned: index % 4 == 0)
            let outcome = try scenario.run(requestCount: 60, pauseMilliseconds: 4_000)
            #expect(outcome.stuckCount == 0, "seed \(seed), scenario \(index)")
            #expect(outcome.grantedCount + outcome.refusedCount == 60, "seed \(seed), scenario \(index)")
            // Of six models each stands in line once: its turn, the longest answer, an end and a load.
            #expect(outcome.longestWaitMilliseconds < 6 * 31_000, "seed \(seed), scenario \(index)")
            granted += outcome.grantedCount
            refused += outcome.refusedCount
            unloaded += outcome.unloadCount
        }
        // The scenarios are worth something.
        #expect(granted > 500 && refused > 30 && unloaded > 60, "\(granted) \(refused) \(unloaded)")
    }
}
