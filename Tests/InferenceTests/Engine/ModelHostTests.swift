import Inference
import Synchronization
import Testing

/// Starts fake engines, and counts.
private final class FakeLauncher: EngineLauncher {
    private struct State {
        var startCount = 0
        var stopCount = 0
        var failures: [InferenceError] = []
        var ends: [@Sendable (String) -> Void] = []
        var engines: [FakeEngine] = []
    }

    private let state = Mutex(State())
    private let delay: Duration
    private let slots: Int
    private let answer: @Sendable (FakeEngine.Request) -> [FakeEngine.Step]

    init(
        slots: Int = 2, delay: Duration = .zero,
        answer: @escaping @Sendable (FakeEngine.Request) -> [FakeEngine.Step] = { _ in
            [.streamHead, .text("a")] + FakeEngine.Step.finish("stop")
        }
    ) {
        self.slots = slots
        self.delay = delay
        self.answer = answer
    }

    var startCount: Int { self.state.withLock { $0.startCount } }
    var stopCount: Int { self.state.withLock { $0.stopCount } }
    var engines: [FakeEngine] { self.state.withLock { $0.engines } }

    func fail(with error: InferenceError) { self.state.withLock { $0.failures.append(error) } }

    /// The last engine ends by itself.
    func crash() {
        let end = self.state.withLock { state in
            state.engines.last?.end()
            return state.ends.last
        }
        end?("killed")
    }

    func start(
        _ place: ModelPlace, onEnd: @escaping @Sendable (String) -> Void
    ) async throws(InferenceError) -> RunningEngine {
        try? await Task.sleep(for: self.delay)
        let failure = self.state.withLock { state in
            state.startCount += 1
            state.ends.append(onEnd)
            return state.failures.isEmpty ? nil : state.failures.removeFirst()
        }
        if let failure { throw failure }
        let engine = FakeEngine(answer: self.answer)
        self.state.withLock { $0.engines.append(engine) }
        guard let model = try? engine.model() else { throw .failed("no socket") }
        return RunningEngine(model: model, slots: self.slots) {
            engine.end()
            self.state.withLock { $0.stopCount += 1 }
        }
    }
}

private func host(
    _ launcher: FakeLauncher, pinned: Set<String> = [], _ change: (inout ModelHost.Limits) -> Void = { _ in }
) -> ModelHost {
    var limits = ModelHost.Limits()
    change(&limits)
    let places = ["a", "b", "c"].map { name in
        let launch = EngineLaunch(modelPath: "/\(name).gguf", alias: name)
        return (name, ModelPlace.local(LocalModel(name: name, launch: launch, isPinned: pinned.contains(name))))
    }
    return ModelHost(
        source: ListedModels(Dictionary(uniqueKeysWithValues: places)), launcher: launcher, limits: limits)
}

extension ModelHost {
    fileprivate func said(_ name: String, caller: String = "") async throws -> String {
        guard let model = try await self.model(name) else { return "" }
        return try await ask(model) { $0.caller = caller }.text
    }
}

@Suite(.timeLimit(.minutes(1))) struct ModelHostTests {
    @Test func `the first request loads a model, and all that come meanwhile wait for it`() async throws {
        let launcher = FakeLauncher(delay: .milliseconds(50))
        let host = host(launcher)
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<6 { group.addTask { try await host.said("a") } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(texts == Array(repeating: "a", count: 6))
        #expect(launcher.startCount == 1)
        await host.stop()
        #expect(launcher.stopCount == 1)
    }

    @Test func `no more requests than slots are with the engine at once`() async throws {
        let launcher = FakeLauncher(slots: 2) { _ in
            [.streamHead, .gate, .text("a")] + FakeEngine.Step.finish("stop")
        }
        let host = host(launcher)
        try await host.load("a")
        let engine = try #require(launcher.engines.first)
        try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<8 { group.addTask { try await host.said("a", caller: "\(index % 3)") } }
            try await engine.until { host.statuses().first?.waiting == 6 && engine.openCount == 2 }
            engine.openGate()
            try await group.waitForAll()
        }
        #expect(engine.openCountMax == 2)
        await host.stop()
    }

    @Test func `a line that is full refuses at once, and a turn that does not come in time does too`() async throws {
        let launcher = FakeLauncher(slots: 1) { _ in
            [.streamHead, .gate, .text("a")] + FakeEngine.Step.finish("stop")
        }
        let host = host(launcher) {
            $0.waitingCountMax = 1
            $0.holdSeconds = 1
        }
        try await host.load("a")
        let engine = try #require(launcher.engines.first)
        let first = Task { try await host.said("a") }
        try await engine.until { !engine.requests.isEmpty }
        let second = Task { try await host.said("a") }
        try await engine.until { host.statuses().first?.waiting == 1 }
        await #expect(throws: InferenceError.busy) { try await host.said("a") }
        await #expect(throws: InferenceError.busy) { try await second.value }
        engine.openGate()
        #expect(try await first.value == "a")
        #expect(try await host.said("a") == "a")
        await host.stop()
    }

    @Test func `a request whose client leaves the line gives its place up`() async throws {
        let launcher = FakeLauncher(slots: 1) { _ in
            [.streamHead, .gate, .text("a")] + FakeEngine.Step.finish("stop")
        }
        let host = host(launcher)
        try await host.load("a")
        let engine = try #require(launcher.engines.first)
        let first = Task { try await host.said("a") }
        try await engine.until { !engine.requests.isEmpty }
        let second = Task { try await host.said("a") }
        try await engine.until { host.statuses().first?.waiting == 1 }
        second.cancel()
        await #expect(throws: InferenceError.self) { try await second.value }
        #expect(host.statuses().first?.waiting == 0)
        engine.openGate()
        _ = try await first.value
        await host.stop()
    }

    @Test func `a model that takes too long to load is not ready, and is there later`() async throws {
        let launcher = FakeLauncher(delay: .milliseconds(1300))
        let host = host(launcher) { $0.holdSeconds = 1 }
        do {
            _ = try await host.said("a")
            Issue.record("the model cannot be loaded yet")
        } catch InferenceError.notReady {
            // As it must be.
        }
        #expect(try await host.said("a") == "a")
        #expect(launcher.startCount == 1)
        await host.stop()
    }

    @Test func `a model that cannot be loaded says why, without being tried each time`() async throws {
        let launcher = FakeLauncher()
        launcher.fail(with: .failed("no memory"))
        let host = host(launcher)
        await #expect(throws: InferenceError.failed("no memory")) { try await host.said("a") }
        await #expect(throws: InferenceError.failed("no memory")) { try await host.said("a") }
        #expect(launcher.startCount == 1)
        await host.stop()
    }

    @Test func `an engine that is not installed is looked for each time`() async throws {
        let launcher = FakeLauncher()
        launcher.fail(with: .noEngine("none"))
        let host = host(launcher)
        await #expect(throws: InferenceError.noEngine("none")) { try await host.said("a") }
        #expect(try await host.said("a") == "a")
        await host.stop()
    }

    @Test func `after a crash the next request is served by a new engine`() async throws {
        let launcher = FakeLauncher()
        let host = host(launcher)
        #expect(try await host.said("a") == "a")
        launcher.crash()
        #expect(try await host.said("a") == "a")
        #expect(launcher.startCount == 2)
        // Nobody has told of this end yet.
        launcher.engines.last?.end()
        #expect(try await host.said("a") == "a")
        #expect(launcher.startCount == 3)
        await host.stop()
    }

    @Test func `the model that was used longest ago makes room, unless it is pinned`() async throws {
        let launcher = FakeLauncher()
        let host = host(launcher, pinned: ["a"]) { $0.loadedCountMax = 2 }
        for name in ["a", "b", "c"] { #expect(try await host.said(name) == "a") }
        #expect(Set(host.statuses().map(\.name)) == ["a", "c"])
        #expect(launcher.stopCount == 1)
        await host.stop()
    }

    @Test func `an idle model is unloaded, and one that is asked for is loaded again`() async throws {
        let launcher = FakeLauncher()
        let host = host(launcher)
        _ = try await host.said("a")
        #expect(await host.unload("a"))
        #expect(await host.unload("a") == false)
        #expect(try await host.said("a") == "a")
        #expect(launcher.startCount == 2)
        await host.stop()
    }

    @Test func `what no source knows is no model, and a host that has stopped loads none`() async throws {
        let host = host(FakeLauncher())
        #expect(try await host.model("x") == nil)
        await host.stop()
        await #expect(throws: InferenceError.self) { try await host.said("a") }
    }
}

private final class Order: Sendable {
    let names = Mutex<[String]>([])
}

@Suite(.timeLimit(.minutes(1))) struct SlotQueueTests {
    @Test func `callers take turns`() async throws {
        let queue = SlotQueue(slots: 1, waitingCountMax: 10)
        try await queue.acquire(caller: "x", within: .seconds(1))
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, caller) in ["x", "x", "x", "y"].enumerated() {
                group.addTask {
                    try await queue.acquire(caller: caller, within: .seconds(20))
                    order.names.withLock { $0.append(caller) }
                    queue.release()
                }
                while queue.counts.waiting <= index { await Task.yield() }
            }
            queue.release()
            try await group.waitForAll()
        }
        #expect(order.names.withLock { $0 } == ["x", "y", "x", "x"])
        #expect(queue.counts == (0, 0))
    }
}
