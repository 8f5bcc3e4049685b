/// Which models are loaded, are being loaded, or have failed; decides, and does nothing itself.
struct ModelHostState {
    /// What a request for a model does next.
    enum Step {
        case granted(ModelLease)
        /// For the end of loading, good or bad.
        case wait(Signal)
        /// After crashes, until then.
        case pause(ContinuousClock.Instant)
        case load
        /// It could not be loaded a moment ago.
        case fail(InferenceError)
        case refuse
    }

    /// What became of the wish to load a model.
    enum Beginning {
        case already
        /// No model can be unloaded for it.
        case full
        case begin(generation: UInt64, evicted: [(name: String, engine: RunningEngine)])
    }

    private enum Phase {
        case loading(Signal)
        case ready(RunningEngine, SlotQueue, since: ContinuousClock.Instant)
        case failed(InferenceError, signal: Signal?, until: ContinuousClock.Instant)
    }

    private struct Entry {
        var place: ModelPlace
        var phase: Phase
        var generation: UInt64
        var leases = 0
        /// Ends one after another, without a quiet minute between.
        var failures = 0
        var lastUsed: ContinuousClock.Instant
    }

    /// An engine that ran so long and then ended has not failed before.
    private static let quietSeconds = 60

    private var entries: [String: Entry] = [:]
    /// Number of the loading that was begun last.
    private(set) var lastGeneration: UInt64 = 0
    private var isStopping = false

    /// - Parameters:
    ///   - name: of the model.
    ///   - now: the time of the question.
    ///   - since: the last loading when the caller asked first; a later one that failed has failed for it too.
    /// - Returns: what the caller does next.
    mutating func lease(_ name: String, now: ContinuousClock.Instant, since: UInt64) -> Step {
        guard !self.isStopping else { return .refuse }
        guard let entry = self.entries[name] else { return .load }
        switch entry.phase {
        case .loading(let signal): return .wait(signal)
        case .failed(let error, let signal, let until):
            guard signal != nil else { return until > now ? .pause(until) : .load }
            return until > now || entry.generation > since ? .fail(error) : .load
        case .ready(let engine, let queue, _):
            self.entries[name]?.leases += 1
            return .granted(ModelLease(name: name, generation: entry.generation, engine: engine, queue: queue))
        }
    }

    mutating func giveBack(_ lease: ModelLease, now: ContinuousClock.Instant) {
        guard self.entries[lease.name]?.generation == lease.generation else { return }
        self.entries[lease.name]?.leases -= 1
        self.entries[lease.name]?.lastUsed = now
    }

    /// Why the loading that ended with this signal has failed; nil where it has not.
    func failure(of signal: Signal, _ name: String) -> InferenceError? {
        guard case .failed(let error, let own?, _)? = self.entries[name]?.phase, own === signal else { return nil }
        return error
    }

    mutating func beginLoading(
        _ name: String, _ place: ModelPlace, _ limits: ModelHost.Limits, now: ContinuousClock.Instant
    ) -> Beginning {
        guard !self.isStopping else { return .full }
        var failures = 0
        switch self.entries[name]?.phase {
        case .loading, .ready: return .already
        case .failed: failures = self.entries[name]?.failures ?? 0
        case nil: break
        }
        var evicted: [(name: String, engine: RunningEngine)] = []
        if case .local = place {
            while self.localCount >= limits.loadedCountMax {
                guard let oldest = self.leastRecentlyUsed, let engine = self.unload(oldest) else { return .full }
                evicted.append((oldest, engine))
            }
        }
        self.lastGeneration += 1
        self.entries[name] = Entry(
            place: place, phase: .loading(Signal()), generation: self.lastGeneration, failures: failures,
            lastUsed: now)
        return .begin(generation: self.lastGeneration, evicted: evicted)
    }

    /// Models whose weights are in memory, or are about to be.
    private var localCount: Int {
        self.entries.values.count { entry in
            guard case .local = entry.place else { return false }
            if case .failed = entry.phase { return false }
            return true
        }
    }

    private var leastRecentlyUsed: String? {
        self.entries.filter { self.isIdle($0.value) }.min { $0.value.lastUsed < $1.value.lastUsed }?.key
    }

    private func isIdle(_ entry: Entry) -> Bool {
        guard case .ready = entry.phase, case .local(let model) = entry.place else { return false }
        return entry.leases == 0 && !model.isPinned
    }

    /// - Returns: whether the engine is still wanted.
    mutating func ready(
        _ name: String, _ generation: UInt64, _ engine: RunningEngine, _ limits: ModelHost.Limits,
        _ time: HostTime
    ) -> Bool {
        guard !self.isStopping, var entry = self.entries[name], entry.generation == generation,
            case .loading(let signal) = entry.phase
        else { return false }
        let queue = SlotQueue(slots: engine.slots, waitingCountMax: limits.waitingCountMax, time: time)
        entry.phase = .ready(engine, queue, since: time.now())
        entry.lastUsed = time.now()
        self.entries[name] = entry
        signal.set()
        return true
    }

    mutating func fail(
        _ name: String, _ generation: UInt64, _ error: InferenceError, _ limits: ModelHost.Limits,
        now: ContinuousClock.Instant
    ) {
        guard var entry = self.entries[name], entry.generation == generation else { return }
        var signal: Signal?
        if case .loading(let own) = entry.phase { signal = own }
        entry.failures += 1
        var pause = Self.pause(entry.failures, limits)
        // Nothing was tried that a pause would spare.
        if case .noEngine = error { pause = .zero }
        entry.phase = .failed(error, signal: signal, until: now + pause)
        self.entries[name] = entry
        signal?.set()
    }

    /// An engine that was ready has ended.
    /// - Returns: what is left of it; nil where that was known.
    mutating func lose(
        _ name: String, _ generation: UInt64, _ limits: ModelHost.Limits, now: ContinuousClock.Instant
    ) -> RunningEngine? {
        guard var entry = self.entries[name], entry.generation == generation,
            case .ready(let engine, _, let since) = entry.phase
        else { return nil }
        if since.duration(to: now) > .seconds(Self.quietSeconds) { entry.failures = 0 }
        // The first restart is not waited for: the next request is served.
        entry.phase = .failed(
            .failed("the engine ended"), signal: nil, until: now + Self.pause(entry.failures, limits))
        entry.failures += 1
        self.entries[name] = entry
        return engine
    }

    /// 0, 1, 2, 4 … seconds.
    private static func pause(_ failures: Int, _ limits: ModelHost.Limits) -> Duration {
        guard failures > 0 else { return .zero }
        return .seconds(min(1 << min(failures - 1, 16), limits.backOffSecondsMax))
    }

    /// Whether a model that is loaded stays so, from now on.
    mutating func setPinned(_ name: String, _ isPinned: Bool) {
        guard case .local(var model)? = self.entries[name]?.place else { return }
        model.isPinned = isPinned
        self.entries[name]?.place = .local(model)
    }

    /// - Returns: the engine to stop; nil where the model is not loaded, or in use.
    mutating func unload(_ name: String) -> RunningEngine? {
        guard let entry = self.entries[name], entry.leases == 0, case .ready(let engine, _, _) = entry.phase else {
            return nil
        }
        self.entries[name] = nil
        return engine
    }

    /// Takes out what nobody has asked for.
    mutating func idle(
        _ limits: ModelHost.Limits, now: ContinuousClock.Instant
    ) -> [(name: String, engine: RunningEngine)] {
        var idle: [(name: String, engine: RunningEngine)] = []
        for (name, entry) in self.entries where self.isIdle(entry) {
            guard case .local(let model) = entry.place else { continue }
            let seconds = model.keepAliveSeconds ?? limits.keepAliveSeconds
            guard entry.lastUsed.duration(to: now) >= .seconds(seconds), let engine = self.unload(name) else {
                continue
            }
            idle.append((name, engine))
        }
        return idle
    }

    /// - Returns: every engine that runs.
    mutating func stop() -> [RunningEngine] {
        self.isStopping = true
        var engines: [RunningEngine] = []
        for entry in self.entries.values {
            if case .ready(let engine, _, _) = entry.phase { engines.append(engine) }
            if case .loading(let signal) = entry.phase { signal.set() }
        }
        self.entries = [:]
        return engines
    }

    var statuses: [ModelHost.Status] {
        self.entries.map { name, entry in
            var status = ModelHost.Status(name: name, phase: .loading, requests: entry.leases, waiting: 0)
            switch entry.phase {
            case .loading: break
            case .failed: status.phase = .failed
            case .ready(let engine, let queue, _):
                status.phase = .ready
                status.processID = engine.processID
                status.waiting = queue.counts.waiting
            }
            return status
        }
    }
}
