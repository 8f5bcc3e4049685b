import Inference
import Synchronization
import Testing

/// A machine of 8 GiB, on which each model takes 6, and one takes 60.
private struct FakePlanner: LoadPlanner {
    static let ownBytes: UInt64 = 256 << 20

    func room() async -> MachineRoom { MachineRoom(hostLimitBytes: 8 << 30) }

    func need(of model: LocalModel) async throws(InferenceError) -> LoadNeed {
        if model.name == "broken" { throw .failed("the file is damaged") }
        let gibibytes: UInt64 = model.name == "huge" ? 60 : model.name == "tiny" ? 1 : 6
        return .opaque((gibibytes << 30) - Self.ownBytes)
    }
}

@Suite(.timeLimit(.minutes(1))) struct ModelHostRoomTests {
    private let time = FakeTime()

    private func host(_ launcher: FakeLauncher, pinned: String? = nil) -> ModelHost {
        let names = ["a", "b", "huge", "tiny", "broken"]
        let places = names.map { name in
            let launch = EngineLaunch(modelPath: "/\(name).gguf", alias: name)
            return (name, ModelPlace.local(LocalModel(name: name, launch: launch, isPinned: name == pinned)))
        }
        return ModelHost(
            source: ListedModels(Dictionary(uniqueKeysWithValues: places)), launcher: launcher,
            planner: FakePlanner(), time: self.time.time)
    }

    private static func gated() -> FakeLauncher {
        FakeLauncher(slots: 2) { _ in [.streamHead, .gate, .text("a")] + FakeEngine.Step.finish("stop") }
    }

    @Test func `two models that do not fit together are swapped, and a small one stays beside them`() async throws {
        let launcher = FakeLauncher()
        let host = self.host(launcher)
        for name in ["tiny", "a", "b", "a"] { #expect(try await host.said(name) == "a") }
        #expect(Set(host.statuses().map(\.name)) == ["tiny", "a"])
        #expect(launcher.stopCount == 2)
        let booked = host.statuses().compactMap { $0.plan?.booking.hostBytes }.reduce(0, +)
        #expect(booked == 7 << 30)
        await host.stop()
    }

    @Test func `what never fits is refused at once with the numbers, and does not hold the line up`() async throws {
        let host = self.host(FakeLauncher())
        do {
            _ = try await host.said("huge")
            Issue.record("60 GiB do not fit into 8")
        } catch InferenceError.tooLarge(let sentence) {
            #expect(sentence.hasPrefix("The model huge cannot be loaded."))
            #expect(sentence.contains(" It takes about 60.0 GiB, and 8.0 GiB may be used. "))
            #expect(sentence.contains("host-memory"))
        }
        await #expect(throws: InferenceError.failed("the file is damaged")) { try await host.said("broken") }
        #expect(try await host.said("a") == "a")
        await host.stop()
    }

    @Test func `a pinned model makes no room`() async throws {
        let host = self.host(FakeLauncher(), pinned: "a")
        #expect(try await host.said("a") == "a")
        do {
            _ = try await host.said("b")
            Issue.record("the pinned model has the room")
        } catch InferenceError.tooLarge {
            // As it must be.
        }
        host.setPinned("a", isPinned: false)
        #expect(try await host.said("b") == "a")
        await host.stop()
    }

    @Test func `a request waits until a model that answers is done, and who comes for that one waits behind it`()
        async throws
    {
        let launcher = Self.gated()
        let host = self.host(launcher)
        let first = Task { try await host.said("a") }
        try await until { launcher.engines.first?.requests.isEmpty == false }
        let second = Task { try await host.said("b") }
        try await until { host.statuses().contains { $0.name == "b" && $0.phase == .waiting } }
        // It has its turn before it takes no new requests.
        #expect(host.statuses().first { $0.name == "a" }?.phase == .ready)
        self.time.advance(.seconds(ModelHost.Limits().turnSeconds))
        try await until { host.statuses().contains { $0.name == "a" && $0.phase == .leaving } }
        let third = Task { try await host.said("a") }
        launcher.engines.first?.openGate()
        #expect(try await first.value == "a")
        try await until { launcher.engines.count == 2 && launcher.engines[1].requests.isEmpty == false }
        launcher.engines[1].openGate()
        #expect(try await second.value == "a")
        // The third request's turn comes when the second one's model is idle, or has had its turn.
        try await until { launcher.engines.count == 3 && launcher.engines[2].requests.isEmpty == false }
        launcher.engines[2].openGate()
        #expect(try await third.value == "a")
        #expect(launcher.stopCount == 2)
        await host.stop()
    }

    @Test func `a request that waits in vain is told why, and the other model goes on`() async throws {
        let launcher = Self.gated()
        let host = self.host(launcher)
        let first = Task { try await host.said("a") }
        try await until { launcher.engines.first?.requests.isEmpty == false }
        let second = Task { try await host.said("b") }
        try await until { host.statuses().contains { $0.name == "b" && $0.phase == .waiting } }
        self.time.advance(.seconds(ModelHost.Limits().holdSeconds))
        do {
            _ = try await second.value
            Issue.record("there is no room")
        } catch InferenceError.notReady(let sentence) {
            #expect(sentence.contains("waits until other models that are in use make room"))
        }
        // Nobody waits for it any more: it takes requests again.
        try await until { host.statuses().map(\.phase) == [.ready] }
        launcher.engines.first?.openGate()
        #expect(try await first.value == "a")
        #expect(try await host.said("a") == "a")
        #expect(launcher.startCount == 1)
        await host.stop()
    }
}
