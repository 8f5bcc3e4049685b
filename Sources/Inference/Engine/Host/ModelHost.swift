package import Primitives
internal import Synchronization

/// Keeps models loaded while they are used: the first request starts a model's engine and waits for it, idle models are
/// unloaded, and a crashed model is restarted for the next request, with an increasing delay.
package final class ModelHost: Sendable {
    /// Limits on counts and times.
    package struct Limits: Sendable, Equatable {
        /// Models of this machine that are loaded at once, even if there is memory for more.
        package var loadedCountMax = 4
        /// How long a request waits for its model and a slot; below the 60 seconds after which AWS's SDKs time out.
        package var holdSeconds = 50
        /// A model is unloaded after this many seconds without a request.
        package var keepAliveSeconds = 300
        /// The length of the queue for one model.
        package var waitingCountMax = 256
        /// How long a loaded model accepts requests before it must make room for another one.
        package var turnSeconds = 5
        /// The maximum delay after a crash.
        package var backOffSecondsMax = 60

        package init() {}
    }

    /// The status of a model that was requested.
    package struct Status: Sendable, Equatable {
        /// The state of a model.
        package enum Phase: String, Sendable, Hashable {
            /// Waiting for memory.
            case waiting
            case loading, ready
            /// It completes current requests, then makes room.
            case leaving
            case stopping, failed
        }

        package var name: String
        package var phase: Phase
        package var processID: Int32?
        package var requests: Int
        package var waiting: Int
        package var isPinned = false
        /// How it was started, and its memory; nil for a model that is not loaded or is external.
        package var plan: LoadPlan?
        /// Why loading failed.
        package var reason: String?

        init(name: String, phase: Phase, requests: Int, waiting: Int) {
            self.name = name
            self.phase = phase
            self.requests = requests
            self.waiting = waiting
        }
    }

    let source: any ModelSource
    let limits: Limits
    let time: SteadyTime
    let launcher: any EngineLauncher
    let planner: (any LoadPlanner)?
    let note: @Sendable (String) -> Void
    let state = Mutex(ModelHostState())
    /// Background tasks by id; `stop` awaits them.
    private let work = Mutex<(tasks: [UInt64: Task<Void, Never>], last: UInt64)>(([:], 0))

    /// - Parameters:
    ///   - source: looks up models.
    ///   - launcher: starts them.
    ///   - planner: knows the available memory; nil loads models with their own settings, limited only by their number.
    ///   - limits: limits on counts and times.
    ///   - time: the clock for waiting and for idle times.
    ///   - note: called with a log message when a model is loaded, unloaded or lost.
    package init(
        source: any ModelSource, launcher: any EngineLauncher, planner: (any LoadPlanner)? = nil,
        limits: Limits = Limits(), time: SteadyTime = .system, note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.source = source
        self.launcher = launcher
        self.planner = planner
        self.limits = limits
        self.time = time
        self.note = note
    }

    /// The model of that name, loaded or not; nil when no source knows it.
    package func model(_ name: String) async throws(InferenceError) -> (any ChatModel)? {
        guard let place = try await self.source.resolve(name) else { return nil }
        return HostedModel(host: self, name: name, purpose: place.purpose)
    }

    /// Whether a source knows a model of that name.
    package func knows(_ name: String) -> Bool { self.source.knows(name) }

    /// The names of all models, in any order.
    package func names() async -> [String] { await self.source.names() }

    /// A lease keeps the model loaded until it is returned with `giveBack`.
    /// - Throws: `notReady` when it is not loaded in time, `tooLarge` when the machine can never hold it, `failed` when
    ///   it cannot be loaded.
    func lease(_ name: String, until deadline: ContinuousClock.Instant) async throws(InferenceError) -> ModelLease {
        let asked = self.state.withLock { $0.asks(name) }
        defer { self.state.withLock { $0.noLongerAsks(name) } }
        while true {
            let now = self.time.now()
            guard now < deadline, !Task.isCancelled else { throw self.tooLate(name) }
            switch self.state.withLock({ $0.lease(name, now: now, since: asked) }) {
            case .granted(let lease): return lease
            case .wait(let signal):
                _ = await signal.wait(until: deadline, self.time)
                if let failure = self.state.withLock({ $0.failure(of: signal, name) }) { throw failure }
            case .pause(let instant):
                guard instant < deadline else {
                    throw .notReady("The model \(name) has failed several times and is started again later.")
                }
                // Cancellation is checked at the top of the loop.
                await self.time.sleep(instant)
            case .load: try await self.beginLoading(name)
            case .fail(let error): throw error
            case .refuse: throw .notReady("The server is stopping.")
            }
        }
    }

    /// The error for a request whose deadline has passed.
    private func tooLate(_ name: String) -> InferenceError {
        let phase = self.state.withLock { $0.phase(of: name) }
        return phase == .waiting
            ? .notReady("The model \(name) waits until other models that are in use make room. Wait and try again.")
            : .notReady("The model \(name) is still being loaded. Wait and try again.")
    }

    func giveBack(_ lease: ModelLease) {
        self.state.withLock { $0.giveBack(lease, now: self.time.now()) }
    }

    /// Nothing listens at the engine's address any more; stops what is left of the engine.
    func lost(_ lease: ModelLease) async {
        let engine = self.state.withLock { $0.lose(lease.name, lease.generation, self.limits, now: self.time.now()) }
        await engine?.stop()
    }

    /// Starts loading unless it was started already; the caller waits for the signal.
    private func beginLoading(_ name: String) async throws(InferenceError) {
        guard let place = try await self.source.resolve(name) else {
            throw .notReady("The model \(name) is not here any more.")
        }
        switch self.state.withLock({ $0.beginLoading(name, place, now: self.time.now()) }) {
        case .already, .queued(isFirst: false): return
        case .refuse: throw .notReady("The server is stopping.")
        case .queued(isFirst: true): self.beside { await self.processQueue() }
        case .begin(let generation): self.beside { await self.load(name, place, generation, nil) }
        }
    }

    /// Runs a task independent of requests, which may be cancelled; `stop` awaits it.
    func beside(_ body: @escaping @Sendable () async -> Void) {
        self.work.withLock { work in
            work.last += 1
            let id = work.last
            // Awaited by `stop`.
            work.tasks[id] = Task {
                await body()
                self.work.withLock { _ = $0.tasks.removeValue(forKey: id) }
            }
        }
    }

    /// Loads a model whose memory is reserved.
    func load(_ name: String, _ place: ModelPlace, _ generation: UInt64, _ plan: LoadPlan?) async {
        let started = self.time.now()
        do throws(InferenceError) {
            let engine = try await self.launcher.start(place) { reason in
                let isLost = self.state.withLock { state in
                    state.lose(name, generation, self.limits, now: self.time.now()) != nil
                }
                if isLost { self.note("the engine of model \(name) ended by itself: \(reason)") }
            }
            let isKept = self.state.withLock { $0.ready(name, generation, engine, self.limits, self.time) }
            guard isKept else { return await engine.stop() }
            let booking = self.state.withLock { $0.entries[name]?.plan?.booking }
            let tenths = Int((started.duration(to: self.time.now()) / .milliseconds(100)).rounded())
            self.note("model \(name) loaded in \(tenths / 10).\(tenths % 10) seconds" + LoadText.taken(plan, booking))
        } catch {
            // Logged before the waiting requests fail, so that the reason is in the log by then.
            self.note("model \(name) could not be loaded: \(error.reason)")
            self.state.withLock { $0.fail(name, generation, error, self.limits, now: self.time.now()) }
        }
    }

    /// Loads a model as a request would if it is not loaded, and returns once it is ready.
    package func load(_ name: String) async throws(InferenceError) {
        self.giveBack(try await self.lease(name, until: self.time.now() + .seconds(ProcessLauncher.loadSecondsMax)))
    }

    /// Unloads a model that is not in use.
    /// - Returns: whether it was loaded, and now is not.
    package func unload(_ name: String) async -> Bool {
        guard let unloaded = self.state.withLock({ $0.unload(name) }) else { return false }
        await unloaded.engine.stop()
        self.state.withLock { $0.unloaded(name, unloaded.generation) }
        self.note("model \(name) unloaded: a command asked for it")
        return true
    }

    /// Pins or unpins a loaded model; for one that is not loaded, its source decides.
    package func setPinned(_ name: String, isPinned: Bool) {
        self.state.withLock { $0.setPinned(name, isPinned: isPinned) }
    }

    package func statuses() -> [Status] { self.state.withLock { $0.statuses } }

    /// The interval of checks for idle models.
    private static let sweepSeconds = 2

    /// Unloads idle models until the task is cancelled; then call `stop`.
    package func run() async {
        while !Task.isCancelled {
            // Ends early when the server stops, which the loop's condition checks.
            await self.time.sleep(self.time.now() + .seconds(Self.sweepSeconds))
            let idle = self.state.withLock { $0.idle(self.limits, now: self.time.now()) }
            for model in idle {
                await model.engine.stop()
                self.state.withLock { $0.unloaded(model.name, model.generation) }
                self.note("model \(model.name) unloaded: nobody asked for it")
            }
        }
    }

    /// Stops every engine; nothing can be loaded afterwards.
    package func stop() async {
        let engines = self.state.withLock { $0.stop() }
        let tasks = self.work.withLock { Array($0.tasks.values) }
        for task in tasks { task.cancel() }
        await withTaskGroup(of: Void.self) { group in
            for engine in engines { group.addTask { await engine.stop() } }
            for task in tasks { group.addTask { await task.value } }
        }
    }
}

/// A ready model, leased for one request.
package struct ModelLease: Sendable {
    package let name: String
    let generation: UInt64
    let engine: RunningEngine
    let queue: SlotQueue
}
