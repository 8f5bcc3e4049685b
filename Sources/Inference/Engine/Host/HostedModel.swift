internal import Primitives
internal import ServiceModel

/// A model of the host as requests see it: loaded or not, they ask and wait.
struct HostedModel: ChatModel, PurposedModel {
    let host: ModelHost
    let name: String
    let purpose: EngineLaunch.Purpose?

    /// Counting takes no turn: it is not the engine's slots that do it.
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

    /// An engine that ended a moment ago has been sent nothing, so the request is made once more, of the next one.
    func withEngine<Value>(
        _ work: (RunningEngine, SlotQueue, ContinuousClock.Instant) async throws -> Value
    ) async throws -> Value {
        let deadline = self.host.time.now() + .seconds(self.host.limits.holdSeconds)
        var isRetried = false
        while true {
            let lease = try await self.host.lease(self.name, until: deadline)
            do {
                defer { self.host.giveBack(lease) }
                return try await work(lease.engine, lease.queue, deadline)
            } catch InferenceError.unreached(let reason) {
                guard !isRetried else { throw InferenceError.unreached(reason) }
                isRetried = true
                await self.host.lost(lease)
            }
        }
    }
}
