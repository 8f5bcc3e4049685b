import Inference
import Primitives
import Synchronization
import Testing

private func host(
    _ launcher: FakeLauncher, pinned: Set<String> = [], time: FakeTime = FakeTime(),
    _ change: (inout ModelHost.Limits) -> Void = { _ in }
) -> ModelHost {
    var limits = ModelHost.Limits()
    change(&limits)
    let places = ["a", "b", "c"].map { name in
        let launch = EngineLaunch(modelPath: "/\(name).gguf", alias: name)
        return (name, ModelPlace.local(LocalModel(name: name, launch: launch, isPinned: pinned.contains(name))))
    }
    return ModelHost(
        source: ListedModels(Dictionary(uniqueKeysWithValues: places)), launcher: launcher, limits: limits,
        time: time.time)
}

@Suite(.timeLimit(.minutes(1))) struct ModelHostTests {
    @Test func `the first request loads a model, and all that come meanwhile wait for it`() async throws {
        let (launcher, time) = (FakeLauncher(isHolding: true), FakeTime())
        let host = host(launcher, time: time)
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<6 { group.addTask { try await host.said("a") } }
            // Each sleeps until its own time is over, or the model is there.
            try await until { time.sleeperCount == 6 }
            launcher.go()
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
        let time = FakeTime()
        let host = host(launcher, time: time) { $0.waitingCountMax = 1 }
        try await host.load("a")
        let engine = try #require(launcher.engines.first)
        let first = Task { try await host.said("a") }
        try await engine.until { !engine.requests.isEmpty }
        let second = Task { try await host.said("a") }
        try await engine.until { host.statuses().first?.waiting == 1 }
        await #expect(throws: InferenceError.busy) { try await host.said("a") }
        time.advance(.seconds(ModelHost.Limits().holdSeconds))
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
        let (launcher, time) = (FakeLauncher(isHolding: true), FakeTime())
        let host = host(launcher, time: time)
        let first = Task { try await host.said("a") }
        try await until { launcher.beginCount == 1 && time.sleeperCount == 1 }
        time.advance(.seconds(ModelHost.Limits().holdSeconds))
        do {
            _ = try await first.value
            Issue.record("the model cannot be loaded yet")
        } catch InferenceError.notReady {
            // As it must be.
        }
        let second = Task { try await host.said("a") }
        try await until { time.sleeperCount == 1 }
        launcher.go()
        #expect(try await second.value == "a")
        #expect(launcher.startCount == 1)
        await host.stop()
    }

    @Test func `a model that cannot be loaded says why, without being tried each time`() async throws {
        let launcher = FakeLauncher()
        launcher.fail(with: .failed("no memory"))
        let time = FakeTime()
        let host = host(launcher, time: time)
        await #expect(throws: InferenceError.failed("no memory")) { try await host.said("a") }
        time.advance(.milliseconds(999))
        await #expect(throws: InferenceError.failed("no memory")) { try await host.said("a") }
        #expect(launcher.startCount == 1)
        time.advance(.milliseconds(2))
        #expect(try await host.said("a") == "a")
        #expect(launcher.startCount == 2)
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

    @Test func `a server elsewhere that cuts a connection is asked again at once, each time`() async throws {
        let (launcher, time) = (FakeLauncher(), FakeTime())
        let far = ExternalModel(name: "far", servers: [.init(url: "http://far/v1", remoteName: "far")])
        let host = ModelHost(
            source: ListedModels(["far": .external(far)]), launcher: launcher, limits: ModelHost.Limits(),
            time: time.time)
        for count in 1...5 {
            // Nobody sleeps: the time stands still.
            #expect(try await host.said("far") == "a")
            #expect(launcher.startCount == count)
            launcher.engines.last?.end()
        }
        await host.stop()
    }

    @Test func `after a crash the next request is served by a new engine`() async throws {
        let (launcher, time) = (FakeLauncher(), FakeTime())
        let host = host(launcher, time: time)
        #expect(try await host.said("a") == "a")
        launcher.crash()
        #expect(try await host.said("a") == "a")
        #expect(launcher.startCount == 2)
        // Nobody has told of this end yet.
        launcher.engines.last?.end()
        let third = Task { try await host.said("a") }
        // The second restart comes after a second.
        try await until { time.sleeperCount == 1 }
        time.advance(.seconds(1))
        #expect(try await third.value == "a")
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

    @Test func `a model that nobody asks for is unloaded when its time is over`() async throws {
        let (launcher, time) = (FakeLauncher(), FakeTime())
        let host = host(launcher, pinned: ["b"], time: time)
        for name in ["a", "b"] { #expect(try await host.said(name) == "a") }
        let sweep = Task { await host.run() }
        for _ in 0..<2 {
            // The sweep itself is what sleeps.
            try await until { time.sleeperCount == 1 }
            #expect(host.statuses().count == 2)
            time.advance(.seconds(2))
        }
        try await until { time.sleeperCount == 1 }
        time.advance(.seconds(ModelHost.Limits().keepAliveSeconds))
        try await until { host.statuses().map(\.name) == ["b"] }
        sweep.cancel()
        await sweep.value
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
        let time = FakeTime().time
        let queue = SlotQueue(slots: 1, waitingCountMax: 10, time: time)
        let deadline = time.now() + .seconds(1)
        try await queue.acquire(caller: "x", until: deadline)
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, caller) in ["x", "x", "x", "y"].enumerated() {
                group.addTask {
                    try await queue.acquire(caller: caller, until: deadline)
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
