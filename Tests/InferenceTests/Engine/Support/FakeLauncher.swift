import Inference
import Synchronization

/// Starts fake engines, and counts.
final class FakeLauncher: EngineLauncher {
    private struct State {
        var startCount = 0
        var stopCount = 0
        var failures: [InferenceError] = []
        var ends: [@Sendable (String) -> Void] = []
        var engines: [FakeEngine] = []
        var isHolding = false
        var beginCount = 0
    }

    private let state = Mutex(State())
    private let slots: Int
    private let answer: @Sendable (FakeEngine.Request) -> [FakeEngine.Step]

    init(
        slots: Int = 2, isHolding: Bool = false,
        answer: @escaping @Sendable (FakeEngine.Request) -> [FakeEngine.Step] = { _ in
            [.streamHead, .text("a")] + FakeEngine.Step.finish("stop")
        }
    ) {
        self.slots = slots
        self.answer = answer
        self.state.withLock { $0.isHolding = isHolding }
    }

    /// Loads that were begun, whether they have ended or not.
    var beginCount: Int { self.state.withLock { $0.beginCount } }
    var startCount: Int { self.state.withLock { $0.startCount } }
    var stopCount: Int { self.state.withLock { $0.stopCount } }
    var engines: [FakeEngine] { self.state.withLock { $0.engines } }

    func fail(with error: InferenceError) { self.state.withLock { $0.failures.append(error) } }

    /// Lets the loads end that wait.
    func go() { self.state.withLock { $0.isHolding = false } }

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
        self.state.withLock { $0.beginCount += 1 }
        try? await until { !self.state.withLock { $0.isHolding } }
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

extension ModelHost {
    /// What a model answers to a request.
    func said(_ name: String, caller: String = "") async throws -> String {
        guard let model = try await self.model(name) else { return "" }
        return try await ask(model) { $0.caller = caller }.text
    }
}
