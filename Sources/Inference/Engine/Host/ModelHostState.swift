package import Primitives

/// The state of all models: loaded, loading, waiting for memory, or failed. Makes decisions without side effects.
///
/// A model of this machine waits in the queue (`waiting`), is admitted by `admit` with the memory that its plan
/// reserves, is loaded, serves requests, and is stopped (`stopping`); the memory stays reserved until its engine has
/// ended.
package struct ModelHostState {
    /// The next step of a request for a model.
    package enum Step {
        case granted(ModelLease)
        /// Wait for the end of loading, successful or not, or of unloading.
        case wait(Signal)
        /// After crashes: wait until then.
        case pause(ContinuousClock.Instant)
        case load
        /// Loading failed a moment ago.
        case fail(InferenceError)
        case refuse
    }

    /// The result of a request to load a model.
    package enum LoadStart {
        case already
        case refuse
        /// It is queued for memory; `isFirst`: the caller must start processing the queue.
        case queued(isFirst: Bool)
        /// It needs no memory on this machine.
        case begin(generation: UInt64)
    }

    /// The state of a model.
    package enum Phase {
        case waiting(Signal)
        case loading(Signal)
        /// `leaving` is set while it accepts no new requests in order to make room for another model.
        case ready(RunningEngine, SlotQueue, since: ContinuousClock.Instant, leaving: Signal?)
        case stopping(Signal)
        case failed(InferenceError, signal: Signal?, until: ContinuousClock.Instant)
    }

    /// A model that was requested.
    package struct Entry {
        package var place: ModelPlace
        package var phase: Phase
        package var generation: UInt64
        package var leases = 0
        /// Consecutive failures, without a minute of normal operation in between.
        var failures = 0
        var lastUsed: ContinuousClock.Instant
        /// How it was started, and its memory; nil until it is admitted.
        package var plan: LoadPlan?
    }

    /// After this many seconds of operation, earlier failures no longer count.
    private static let quietSeconds = 60

    package internal(set) var entries: [String: Entry] = [:]
    /// Names of models that wait for memory, in order of arrival.
    package internal(set) var queue: [String] = []
    var isQueueProcessed = false
    /// Set when a change may have freed memory; then replaced with a new signal.
    private(set) var change = Signal()
    /// The number of requests that wait for each model.
    private var askers: [String: Int] = [:]
    /// The generation of the last load.
    private(set) var lastGeneration: UInt64 = 0
    private(set) var isStopping = false

    package init() {}

    mutating func noteChange() {
        self.change.set()
        self.change = Signal()
    }

    /// Registers a request's interest in a model; `noLongerAsks` ends it.
    /// - Returns: the generation of the last load.
    package mutating func asks(_ name: String) -> UInt64 {
        self.askers[name, default: 0] += 1
        return self.lastGeneration
    }

    /// When the last request ends, the model leaves the queue.
    package mutating func noLongerAsks(_ name: String) {
        let left = (self.askers[name] ?? 1) - 1
        self.askers[name] = left > 0 ? left : nil
        guard left <= 0 else { return }
        if case .waiting(let signal)? = self.entries[name]?.phase {
            self.queue.removeAll { $0 == name }
            self.entries[name] = nil
            signal.set()
        }
        // The next in the queue may go on, or the model may now be unloaded.
        self.noteChange()
    }

    func isAsked(_ name: String) -> Bool { self.askers[name] != nil }

    /// - Parameters:
    ///   - name: the model's name.
    ///   - now: the current time.
    ///   - since: the generation when the request arrived; if a later load failed, the request fails too.
    /// - Returns: the caller's next step.
    package mutating func lease(_ name: String, now: ContinuousClock.Instant, since: UInt64) -> Step {
        guard !self.isStopping else { return .refuse }
        guard let entry = self.entries[name] else { return .load }
        switch entry.phase {
        case .waiting(let signal), .loading(let signal), .stopping(let signal): return .wait(signal)
        case .failed(let error, let signal, let until):
            guard signal != nil else { return until > now ? .pause(until) : .load }
            return until > now || entry.generation > since ? .fail(error) : .load
        case .ready(_, _, _, leaving: let signal?): return .wait(signal)
        case .ready(let engine, let queue, _, nil):
            self.entries[name]?.leases += 1
            return .granted(ModelLease(name: name, generation: entry.generation, engine: engine, queue: queue))
        }
    }

    package mutating func giveBack(_ lease: ModelLease, now: ContinuousClock.Instant) {
        guard var entry = self.entries[lease.name], entry.generation == lease.generation else { return }
        entry.leases -= 1
        entry.lastUsed = now
        self.entries[lease.name] = entry
        if entry.leases == 0 { self.noteChange() }
    }

    /// The error of the load that ended with this signal; nil unless it failed.
    func failure(of signal: Signal, _ name: String) -> InferenceError? {
        guard case .failed(let error, let own?, _)? = self.entries[name]?.phase, own === signal else { return nil }
        return error
    }

    package mutating func beginLoading(
        _ name: String, _ place: ModelPlace, now: ContinuousClock.Instant
    ) -> LoadStart {
        guard !self.isStopping else { return .refuse }
        var failures = 0
        switch self.entries[name]?.phase {
        case .waiting, .loading, .ready, .stopping: return .already
        case .failed: failures = self.entries[name]?.failures ?? 0
        case nil: break
        }
        self.lastGeneration += 1
        var entry = Entry(
            place: place, phase: .loading(Signal()), generation: self.lastGeneration, failures: failures,
            lastUsed: now)
        guard case .local = place else {
            self.entries[name] = entry
            return .begin(generation: entry.generation)
        }
        entry.phase = .waiting(Signal())
        self.entries[name] = entry
        self.queue.append(name)
        defer { self.isQueueProcessed = true }
        if self.isQueueProcessed { self.noteChange() }
        return .queued(isFirst: !self.isQueueProcessed)
    }

    /// - Returns: whether the engine is still needed.
    package mutating func ready(
        _ name: String, _ generation: UInt64, _ engine: RunningEngine, _ limits: ModelHost.Limits,
        _ time: SteadyTime
    ) -> Bool {
        guard !self.isStopping, var entry = self.entries[name], entry.generation == generation,
            case .loading(let signal) = entry.phase
        else { return false }
        let queue = SlotQueue(slots: engine.slots, waitingCountMax: limits.waitingCountMax, time: time)
        entry.phase = .ready(engine, queue, since: time.now(), leaving: nil)
        entry.lastUsed = time.now()
        // The log does not contain all buffers of a projector or a draft model.
        if let plan = entry.plan, let memory = engine.memory, plan.launch.projectorPath == nil,
            plan.launch.draftPath == nil
        {
            entry.plan?.booking = memory.booking(plan.booking)
        }
        self.entries[name] = entry
        signal.set()
        self.noteChange()
        return true
    }

    package mutating func fail(
        _ name: String, _ generation: UInt64, _ error: InferenceError, _ limits: ModelHost.Limits,
        now: ContinuousClock.Instant
    ) {
        guard var entry = self.entries[name], entry.generation == generation else { return }
        var signal: Signal?
        switch entry.phase {
        case .loading(let own), .waiting(let own): signal = own
        case .ready, .stopping, .failed: break
        }
        self.queue.removeAll { $0 == name }
        entry.failures += 1
        var pause = Self.pause(entry.failures, limits)
        // Nothing was started, so a delay would be useless.
        switch error {
        case .noEngine, .tooLarge: pause = .zero
        default: break
        }
        entry.phase = .failed(error, signal: signal, until: now + pause)
        entry.plan = nil
        self.entries[name] = entry
        signal?.set()
        self.noteChange()
    }

    /// A ready engine has ended.
    /// - Returns: the engine, to be cleaned up; nil when this was known already.
    mutating func lose(
        _ name: String, _ generation: UInt64, _ limits: ModelHost.Limits, now: ContinuousClock.Instant
    ) -> RunningEngine? {
        guard var entry = self.entries[name], entry.generation == generation,
            case .ready(let engine, _, let since, let leaving) = entry.phase
        else { return nil }
        if since.duration(to: now) > .seconds(Self.quietSeconds) { entry.failures = 0 }
        if case .external = entry.place {
            // A server elsewhere is asked again at once; only if it does not answer then, requests pause. A pause after
            // every loss would stop the use of a server that cuts a connection now and then.
            entry.failures = 0
            entry.phase = .failed(.failed("the server closed the connection"), signal: nil, until: now)
        } else {
            // The first restart is not waited for: the next request is served.
            entry.phase = .failed(
                .failed("the engine ended"), signal: nil, until: now + Self.pause(entry.failures, limits))
            entry.failures += 1
        }
        entry.plan = nil
        self.entries[name] = entry
        leaving?.set()
        self.noteChange()
        return engine
    }

    /// 0, 1, 2, 4 … seconds.
    private static func pause(_ failures: Int, _ limits: ModelHost.Limits) -> Duration {
        guard failures > 0 else { return .zero }
        return .seconds(min(1 << min(failures - 1, 16), limits.backOffSecondsMax))
    }

    /// Pins or unpins a loaded model.
    mutating func setPinned(_ name: String, isPinned: Bool) {
        guard case .local(var model)? = self.entries[name]?.place else { return }
        model.isPinned = isPinned
        self.entries[name]?.place = .local(model)
        self.noteChange()
    }

    /// - Returns: the engine to stop, after which `unloaded` must be called; nil when the model is not loaded or is in
    ///   use.
    mutating func unload(_ name: String) -> (engine: RunningEngine, generation: UInt64)? {
        guard let entry = self.entries[name], entry.leases == 0,
            case .ready(let engine, _, _, let leaving) = entry.phase
        else { return nil }
        self.entries[name]?.phase = .stopping(leaving ?? Signal())
        return (engine, entry.generation)
    }

    /// The engine of an unloaded model has ended: its memory is free.
    package mutating func unloaded(_ name: String, _ generation: UInt64) {
        guard let entry = self.entries[name], entry.generation == generation, case .stopping(let signal) = entry.phase
        else { return }
        self.entries[name] = nil
        signal.set()
        self.noteChange()
    }

    /// Removes idle models; `unloaded` must be called for each.
    mutating func idle(
        _ limits: ModelHost.Limits, now: ContinuousClock.Instant
    ) -> [(name: String, engine: RunningEngine, generation: UInt64)] {
        var idle: [(name: String, engine: RunningEngine, generation: UInt64)] = []
        for (name, entry) in self.entries where self.isIdle(name, entry) {
            guard case .local(let model) = entry.place else { continue }
            let seconds = model.keepAliveSeconds ?? limits.keepAliveSeconds
            guard entry.lastUsed.duration(to: now) >= .seconds(seconds), let unloaded = self.unload(name) else {
                continue
            }
            idle.append((name, unloaded.engine, unloaded.generation))
        }
        return idle
    }

    /// Whether a model of this machine has no requests, is not requested, and may be unloaded.
    func isIdle(_ name: String, _ entry: Entry) -> Bool {
        guard case .ready(_, _, _, let leaving) = entry.phase, case .local(let model) = entry.place, !model.isPinned
        else { return false }
        // Requests that arrive while it is leaving wait for the next load.
        return entry.leases == 0 && (leaving != nil || !self.isAsked(name))
    }

    /// - Returns: all running engines.
    mutating func stop() -> [RunningEngine] {
        self.isStopping = true
        var engines: [RunningEngine] = []
        for entry in self.entries.values {
            switch entry.phase {
            case .ready(let engine, _, _, let leaving):
                engines.append(engine)
                leaving?.set()
            case .loading(let signal), .waiting(let signal), .stopping(let signal): signal.set()
            case .failed: break
            }
        }
        self.entries = [:]
        self.queue = []
        self.noteChange()
        return engines
    }
}
