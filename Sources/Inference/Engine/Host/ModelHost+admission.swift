internal import Primitives
internal import Synchronization

/// The queue of models that wait for memory.
extension ModelHost {
    /// The interval of checks for free memory while a model waits: another program may have ended.
    static let lookSeconds = 1

    /// Admits models one after another until the queue is empty.
    func processQueue() async {
        while true {
            // Read before everything else, so that later changes are not missed.
            let (change, next) = self.state.withLock { ($0.change, $0.nextInQueue) }
            var needs: [String: Result<LoadNeed, InferenceError>]?
            var room = MachineRoom()
            if let planner = self.planner, !next.isEmpty {
                needs = await self.needs(of: next, planner)
                room = await planner.room()
            }
            let step = self.state.withLock { [needs, room] state in
                state.admit(needs, in: room, self.limits, now: self.time.now())
            }
            switch step {
            case .start(let name, let generation, var model, let plan):
                model.launch = plan.launch
                self.note(LoadText.starts(name, plan))
                self.beside { [model] in await self.load(name, .local(model), generation, plan) }
            case .unload(let models, for: let name): await self.unload(models, for: name)
            case .failed(let name, let error): self.note("model \(name) could not be loaded: \(error.reason)")
            case .wait: _ = await change.wait(until: self.time.now() + .seconds(Self.lookSeconds), self.time)
            case .done: return
            }
        }
    }

    private func needs(
        of models: [LocalModel], _ planner: any LoadPlanner
    ) async -> [String: Result<LoadNeed, InferenceError>] {
        var needs: [String: Result<LoadNeed, InferenceError>] = [:]
        for model in models {
            do throws(InferenceError) {
                needs[model.name] = .success(try await planner.need(of: model))
            } catch {
                needs[model.name] = .failure(error)
            }
        }
        return needs
    }

    private func unload(
        _ models: [(name: String, engine: RunningEngine, generation: UInt64)], for name: String
    ) async {
        await withTaskGroup(of: Void.self) { group in
            for model in models {
                self.note("model \(model.name) unloaded to make room for \(name)")
                group.addTask {
                    await model.engine.stop()
                    self.state.withLock { $0.unloaded(model.name, model.generation) }
                }
            }
        }
    }

    /// The memory that the machine has for models now; nil without a planner.
    package func room() async -> MachineRoom? { await self.planner?.room() }
}

/// Log messages about loading.
enum LoadText {
    /// Such as `model a is started with 2 slots of 8192 tokens, keys and values in f16, 33 layers on RTX, …`.
    static func starts(_ name: String, _ plan: LoadPlan) -> String {
        let steps = plan.steps.isEmpty ? "" : ". " + plan.steps.joined(separator: " ")
        return
            "model \(name) is started with \(Self.settings(plan)); planned: \(Self.bytes(plan.booking, plan))\(steps)"
    }

    /// The actual memory use, if it differs from the plan.
    static func taken(_ plan: LoadPlan?, _ booking: MemoryBooking?) -> String {
        guard let plan, let booking, booking != plan.booking else { return "" }
        return "; the engine reports \(Self.bytes(booking, plan))"
    }

    private static func settings(_ plan: LoadPlan) -> String {
        let launch = plan.launch
        var parts = [
            "\(PlanText.slots(launch.slots)) of \(launch.slotContextTokens) tokens",
            "keys and values in \(launch.keyType.rawValue)",
        ]
        switch launch.gpuLayers {
        case .none, .automatic, .count(0): parts.append("on the processor")
        case .all: parts.append("all layers on \(plan.deviceName ?? "the GPU")")
        case .count(let count): parts.append("\(count) layers on \(plan.deviceName ?? "the GPU")")
        }
        if launch.hostExpertLayers > 0 {
            parts.append("the experts of \(launch.hostExpertLayers) layers on the host")
        }
        return parts.joined(separator: ", ")
    }

    private static func bytes(_ booking: MemoryBooking, _ plan: LoadPlan) -> String {
        let host = "\(PlanText.size(booking.hostBytes)) of the machine's memory"
        guard booking.deviceBytes > 0 else { return host }
        return "\(PlanText.size(booking.deviceBytes)) of \(plan.deviceName ?? "the GPU") and \(host)"
    }
}
