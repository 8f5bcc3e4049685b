package import Primitives

/// Which models are loaded, are being loaded, wait for room, or have failed; decides, and does nothing itself.
///
/// A model of this machine takes this way: it stands in line (`waiting`), is admitted by `admit` with the memory that
/// its plan books, is loaded, answers, and is ended (`stopping`); its booking holds until its engine has ended.
package struct ModelHostState {
    /// What a request for a model does next.
    package enum Step {
        case granted(ModelLease)
        /// For the end of loading, good or bad, or of unloading.
        case wait(Signal)
        /// After crashes, until then.
        case pause(ContinuousClock.Instant)
        case load
        /// It could not be loaded a moment ago.
        case fail(InferenceError)
        case refuse
    }

    /// What became of the wish to load a model.
    package enum Beginning {
        case already
        case refuse
        /// It waits for room; whether somebody must begin to work the line off.
        case line(isFirst: Bool)
        /// It takes no room here.
        case begin(generation: UInt64)
    }

    /// How far a model is.
    package enum Phase {
        case waiting(Signal)
        case loading(Signal)
        /// `leaving` is set where it takes no new requests, so that it makes room for another one.
        case ready(RunningEngine, SlotQueue, since: ContinuousClock.Instant, leaving: Signal?)
        case stopping(Signal)
        case failed(InferenceError, signal: Signal?, until: ContinuousClock.Instant)
    }

    /// A model that was asked for.
    package struct Entry {
        package var place: ModelPlace
        package var phase: Phase
        package var generation: UInt64
        package var leases = 0
        /// Ends one after another, without a quiet minute between.
        var failures = 0
        var lastUsed: ContinuousClock.Instant
        /// How it was started, and what it has of the machine; nil until it is admitted.
        package var plan: LoadPlan?
    }

    /// An engine that ran so long and then ended has not failed before.
    private static let quietSeconds = 60

    package internal(set) var entries: [String: Entry] = [:]
    /// Names of models that wait for room, who came first stands first.
    package internal(set) var line: [String] = []
    var isLineWorked = false
    /// Set when something changed that may make room; then there is another one.
    private(set) var change = Signal()
    /// Requests that want a model and have none yet.
    private var askers: [String: Int] = [:]
    /// Number of the loading that was begun last.
    private(set) var lastGeneration: UInt64 = 0
    private(set) var isStopping = false

    package init() {}

    mutating func noteChange() {
        self.change.set()
        self.change = Signal()
    }

    /// A request begins to want a model; `noLongerAsks` ends it.
    /// - Returns: the loading that was begun last.
    package mutating func asks(_ name: String) -> UInt64 {
        self.askers[name, default: 0] += 1
        return self.lastGeneration
    }

    /// The last one who leaves takes the model out of the line.
    package mutating func noLongerAsks(_ name: String) {
        let left = (self.askers[name] ?? 1) - 1
        self.askers[name] = left > 0 ? left : nil
        guard left <= 0 else { return }
        if case .waiting(let signal)? = self.entries[name]?.phase {
            self.line.removeAll { $0 == name }
            self.entries[name] = nil
            signal.set()
        }
        // Either somebody in line goes on, or a model that was wanted may now make room.
        self.noteChange()
    }

    func isAsked(_ name: String) -> Bool { self.askers[name] != nil }

    /// - Parameters:
    ///   - name: of the model.
    ///   - now: the time of the question.
    ///   - since: the last loading when the caller asked first; a later one that failed has failed for it too.
    /// - Returns: what the caller does next.
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

    /// Why the loading that ended with this signal has failed; nil where it has not.
    func failure(of signal: Signal, _ name: String) -> InferenceError? {
        guard case .failed(let error, let own?, _)? = self.entries[name]?.phase, own === signal else { return nil }
        return error
    }

    package mutating func beginLoading(
        _ name: String, _ place: ModelPlace, now: ContinuousClock.Instant
    ) -> Beginning {
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
        self.line.append(name)
        defer { self.isLineWorked = true }
        if self.isLineWorked { self.noteChange() }
        return .line(isFirst: !self.isLineWorked)
    }

    /// - Returns: whether the engine is still wanted.
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
        // A projector's and a draft's buffers are not all in the log.
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
        self.line.removeAll { $0 == name }
        entry.failures += 1
        var pause = Self.pause(entry.failures, limits)
        // Nothing was tried that a pause would spare.
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

    /// An engine that was ready has ended.
    /// - Returns: what is left of it; nil where that was known.
    mutating func lose(
        _ name: String, _ generation: UInt64, _ limits: ModelHost.Limits, now: ContinuousClock.Instant
    ) -> RunningEngine? {
        guard var entry = self.entries[name], entry.generation == generation,
            case .ready(let engine, _, let since, let leaving) = entry.phase
        else { return nil }
        if since.duration(to: now) > .seconds(Self.quietSeconds) { entry.failures = 0 }
        // The first restart is not waited for: the next request is served.
        entry.phase = .failed(
            .failed("the engine ended"), signal: nil, until: now + Self.pause(entry.failures, limits))
        entry.failures += 1
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

    /// Whether a model that is loaded stays so, from now on.
    mutating func setPinned(_ name: String, _ isPinned: Bool) {
        guard case .local(var model)? = self.entries[name]?.place else { return }
        model.isPinned = isPinned
        self.entries[name]?.place = .local(model)
        self.noteChange()
    }

    /// - Returns: the engine to stop, after which `unloaded` is to be called; nil where the model is not loaded, or in
    ///   use.
    mutating func unload(_ name: String) -> (engine: RunningEngine, generation: UInt64)? {
        guard let entry = self.entries[name], entry.leases == 0,
            case .ready(let engine, _, _, let leaving) = entry.phase
        else { return nil }
        self.entries[name]?.phase = .stopping(leaving ?? Signal())
        return (engine, entry.generation)
    }

    /// The engine of a model that was unloaded has ended: its memory is free.
    package mutating func unloaded(_ name: String, _ generation: UInt64) {
        guard let entry = self.entries[name], entry.generation == generation, case .stopping(let signal) = entry.phase
        else { return }
        self.entries[name] = nil
        signal.set()
        self.noteChange()
    }

    /// Takes out what nobody has asked for; `unloaded` is to be called for each.
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

    /// Whether a model of this machine answers nobody, is wanted by nobody, and may go.
    func isIdle(_ name: String, _ entry: Entry) -> Bool {
        guard case .ready(_, _, _, let leaving) = entry.phase, case .local(let model) = entry.place, !model.isPinned
        else { return false }
        // Those who want it while it leaves wait for its next loading.
        return entry.leases == 0 && (leaving != nil || !self.isAsked(name))
    }

    /// - Returns: every engine that runs.
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
        self.line = []
        self.noteChange()
        return engines
    }
}
