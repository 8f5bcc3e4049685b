internal import Primitives
internal import ServiceModel

/// A model of the host, as requests use it: they do not depend on whether it is loaded.
struct HostedModel: ChatModel, PurposedModel {
    let host: ModelHost
    let name: String
    let purpose: EngineLaunch.Purpose?

    /// Counting tokens takes no slot: it is not done in the engine's slots.
    func countTokens(_ request: ChatRequest) async throws -> Int {
        try await self.withEngine { engine, _, _ in try await engine.model.countTokens(request) }
    }

    func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        let asked = self.host.time.now()
        return try await self.withEngine { engine, queue, deadline in
            try await queue.acquire(caller: request.caller, until: deadline)
            defer { queue.release() }
            let queued = asked.duration(to: self.host.time.now())
            var outcome = try await engine.model.chat(request, send)
            outcome.timing.queued = queued
            return outcome
        }
    }

    /// If the engine has just ended, nothing was sent to it, so the request is retried once with the next engine. A
    /// server elsewhere may have cut this one connection only, so it is asked once more before that.
    func withEngine<Value>(
        _ work: (RunningEngine, SlotQueue, ContinuousClock.Instant) async throws -> Value
    ) async throws -> Value {
        let deadline = self.host.time.now() + .seconds(self.host.limits.holdSeconds)
        var cutCount = 0
        while true {
            let lease = try await self.host.lease(self.name, until: deadline)
            do {
                defer { self.host.giveBack(lease) }
                return try await work(lease.engine, lease.queue, deadline)
            } catch InferenceError.unreached(let reason) {
                cutCount += 1
                let isExternal = lease.engine.processID == nil
                guard cutCount <= (isExternal ? 2 : 1) else { throw InferenceError.unreached(reason) }
                if !isExternal || cutCount == 2 { await self.host.lost(lease) }
            }
        }
    }
}
