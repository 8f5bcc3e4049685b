/// Decides which model is loaded next, and which ones make room.
///
/// The first in the queue is served first. Models that it waits for accept no new requests once they have had their
/// turn, so that they become idle; a model further back may overtake only if it takes no memory that the first one
/// waits for.
extension ModelHostState {
    /// The next step for the queue.
    package enum QueueStep {
        case start(name: String, generation: UInt64, model: LocalModel, plan: LoadPlan)
        /// Stop these, call `unloaded` for each, and ask again.
        case unload([(name: String, engine: RunningEngine, generation: UInt64)], for: String)
        /// It cannot be loaded and was removed from the queue.
        case failed(name: String, InferenceError)
        /// Wait until `change` is set, or for a moment.
        case wait
        /// The queue is empty; the task that processes it ends.
        case done
    }

    /// The number of models after the first that may overtake it.
    static let queueLookCountMax = 4

    /// The models that `admit` considers.
    package var nextInQueue: [LocalModel] {
        self.queue.prefix(1 + Self.queueLookCountMax).compactMap { name in
            guard case .local(let model)? = self.entries[name]?.place else { return nil }
            return model
        }
    }

    /// Makes one decision about the queue.
    /// - Parameters:
    ///   - needs: the needs of the models of `nextInQueue`, or why one has none; nil without a planner.
    ///   - room: the available memory.
    ///   - limits: limits on counts and times.
    ///   - now: the current time.
    /// - Returns: the next step.
    package mutating func admit(
        _ needs: [String: Result<LoadNeed, InferenceError>]?, in room: MachineRoom, _ limits: ModelHost.Limits,
        now: ContinuousClock.Instant
    ) -> QueueStep {
        guard let first = self.queue.first, !self.isStopping else {
            self.isQueueProcessed = false
            self.stay(except: [])
            return .done
        }
        var firstPlan: Planned?
        for name in self.queue.prefix(1 + Self.queueLookCountMax) {
            guard case .local(let model)? = self.entries[name]?.place else { continue }
            let need: LoadNeed?
            switch needs.map({ $0[name] }) {
            case .none: need = nil
            case .some(.none): continue
            case .some(.failure(let error)?): return self.refused(name, error, limits, now: now)
            case .some(.success(let known)?): need = known
            }
            let planned = self.planned(model, need, in: room, self.residents(now: now), limits)
            if name == first {
                firstPlan = planned
                if let step = self.step(planned, limits, now: now) { return step }
            } else if let firstPlan, self.passes(planned, firstPlan, in: room, limits, now: now) {
                return self.started(planned)
            }
        }
        return .wait
    }

    /// A queued model with its plan.
    private struct Planned {
        var model: LocalModel
        var need: LoadNeed?
        var decision: Admission.Decision
        var plan: LoadPlan
    }

    private func planned(
        _ model: LocalModel, _ need: LoadNeed?, in room: MachineRoom, _ residents: [Admission.Resident],
        _ limits: ModelHost.Limits
    ) -> Planned {
        var decision = Admission.Decision.start(unloading: [])
        var plan = LoadPlan(launch: model.launch, booking: MemoryBooking())
        if let need { (decision, plan) = need.plan(model.launch, in: room, beside: residents) }
        return Planned(
            model: model, need: need, decision: Self.counted(decision, residents, limits.loadedCountMax), plan: plan)
    }

    /// The decision with the limit on loaded models applied.
    private static func counted(
        _ decision: Admission.Decision, _ residents: [Admission.Resident], _ countMax: Int
    ) -> Admission.Decision {
        var gone: [String] = []
        switch decision {
        case .start(let unloading): gone = unloading
        case .queue(let awaiting): gone = awaiting
        case .refuse: return .refuse
        }
        let order = residents.filter { !gone.contains($0.id) }.sorted { ($0.lastUsed, $0.id) < ($1.lastUsed, $1.id) }
        var mustWait = false
        if case .queue = decision { mustWait = true }
        for state in [Admission.Resident.State.idle, .busy] {
            for resident in order where resident.state == state && residents.count - gone.count >= countMax {
                gone.append(resident.id)
                if state == .busy { mustWait = true }
            }
        }
        guard residents.count - gone.count < countMax else { return .refuse }
        return mustWait ? .queue(awaiting: gone) : .start(unloading: gone)
    }

    /// The step for the first in the queue; nil when it waits.
    private mutating func step(
        _ planned: Planned, _ limits: ModelHost.Limits, now: ContinuousClock.Instant
    ) -> QueueStep? {
        switch planned.decision {
        case .start(let names) where names.isEmpty:
            // Models that were to leave for it may stay.
            self.stay(except: [])
            return self.started(planned)
        case .start(let names):
            self.stay(except: Set(names))
            let unloaded = names.compactMap { name in self.unload(name).map { (name, $0.engine, $0.generation) } }
            return unloaded.isEmpty ? nil : .unload(unloaded, for: planned.model.name)
        case .queue(let names):
            self.stay(except: Set(names))
            for name in names { self.leave(name, limits, now: now) }
            return nil
        case .refuse:
            self.stay(except: [])
            let error = InferenceError.tooLarge(Self.refusal(planned, limits))
            return self.refused(planned.model.name, error, limits, now: now)
        }
    }

    private mutating func started(_ planned: Planned) -> QueueStep {
        let name = planned.model.name
        self.queue.removeAll { $0 == name }
        guard var entry = self.entries[name], case .waiting(let signal) = entry.phase else { return .wait }
        entry.phase = .loading(signal)
        entry.plan = planned.plan
        self.entries[name] = entry
        return .start(name: name, generation: entry.generation, model: planned.model, plan: planned.plan)
    }

    private mutating func refused(
        _ name: String, _ error: InferenceError, _ limits: ModelHost.Limits, now: ContinuousClock.Instant
    ) -> QueueStep {
        guard let generation = self.entries[name]?.generation else { return .wait }
        self.fail(name, generation, error, limits, now: now)
        return .failed(name: name, error)
    }

    /// Marks a ready model as leaving, once it has had its turn: it accepts no new requests.
    private mutating func leave(_ name: String, _ limits: ModelHost.Limits, now: ContinuousClock.Instant) {
        guard var entry = self.entries[name], case .ready(let engine, let queue, let since, nil) = entry.phase,
            since.duration(to: now) >= .seconds(limits.turnSeconds)
        else { return }
        entry.phase = .ready(engine, queue, since: since, leaving: Signal())
        self.entries[name] = entry
    }

    /// Leaving models that are no longer waited for accept requests again.
    private mutating func stay(except names: Set<String>) {
        for (name, entry) in self.entries where !names.contains(name) {
            guard case .ready(let engine, let queue, let since, let leaving?) = entry.phase else { continue }
            self.entries[name]?.phase = .ready(engine, queue, since: since, leaving: nil)
            leaving.set()
        }
    }

    /// Whether a model may overtake the first in the queue: no model is unloaded for it, and the first one would still
    /// find the same memory if it stayed forever.
    private func passes(
        _ planned: Planned, _ first: Planned, in room: MachineRoom, _ limits: ModelHost.Limits,
        now: ContinuousClock.Instant
    ) -> Bool {
        guard planned.decision == .start(unloading: []) else { return false }
        var residents = self.residents(now: now)
        residents.append(
            Admission.Resident(
                id: planned.model.name, booking: planned.plan.booking, lastUsed: .max, state: .pinned,
                isSettled: false))
        let later = self.planned(first.model, first.need, in: room, residents, limits)
        return later.decision != .refuse && later.plan.launch == first.plan.launch
    }

    private static func refusal(_ planned: Planned, _ limits: ModelHost.Limits) -> String {
        let name = planned.model.name
        guard planned.need != nil, let sentence = planned.plan.steps.last else {
            return
                "The model \(name) is not loaded: \(limits.loadedCountMax) models are pinned, as many as may be loaded."
        }
        return "The model \(name) cannot be loaded. \(sentence) Take a smaller model or quantisation, unpin or unload "
            + "others, or raise the setting gpu-memory, host-memory or models-loaded-max; `brume model plan \(name)` "
            + "shows what it needs."
    }

    /// Every engine that occupies memory of this machine.
    package func residents(now: ContinuousClock.Instant) -> [Admission.Resident] {
        let earliest = self.entries.values.map(\.lastUsed).min() ?? now
        return self.entries.compactMap { name, entry in
            guard case .local(let model) = entry.place else { return nil }
            var state = Admission.Resident.State.busy
            var isSettled = true
            switch entry.phase {
            case .waiting, .failed: return nil
            case .loading: isSettled = false
            case .stopping: break
            case .ready: if self.isIdle(name, entry) { state = .idle }
            }
            if model.isPinned { state = .pinned }
            if case .stopping = entry.phase { state = .busy }
            return Admission.Resident(
                id: name, booking: entry.plan?.booking ?? MemoryBooking(),
                lastUsed: UInt64(clamping: Int64(earliest.duration(to: entry.lastUsed) / .milliseconds(1))),
                state: state, isSettled: isSettled)
        }
    }
}
