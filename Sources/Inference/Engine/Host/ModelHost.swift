package import Primitives
internal import Synchronization

/// Keeps models loaded while they are used: the first request starts a model's engine and waits for it, an idle one is
/// unloaded, and one that crashed is started again for the next request, later each time.
package final class ModelHost: Sendable {
    /// How many, and how long.
    package struct Limits: Sendable, Hashable {
        /// Models of this machine that are loaded at once, however much room there is.
        package var loadedCountMax = 4
        /// How long a request waits for its model and its turn; below the 60 seconds after which AWS's SDKs give up.
        package var holdSeconds = 50
        /// Seconds without a request after which a model is unloaded.
        package var keepAliveSeconds = 300
        /// Requests that wait for their turn at one model.
        package var waitingCountMax = 256
        /// How long a model answers, once it is loaded, before it takes no more requests so that another gets its room.
        package var turnSeconds = 5
        /// The longest pause after a crash.
        package var backOffSecondsMax = 60

        package init() {}
    }

    /// What is known of a model that was asked for.
    package struct Status: Sendable, Hashable {
        /// How far it is.
        package enum Phase: String, Sendable, Hashable {
            /// For room.
            case waiting
            case loading, ready
            /// It ends what it answers, and makes room then.
            case leaving
            case stopping, failed
        }

        package var name: String
        package var phase: Phase
        package var processID: Int32?
        package var requests: Int
        package var waiting: Int
        package var isPinned = false
        /// How it was started, and what it has of the machine; nil for one that is not loaded, or elsewhere.
        package var plan: LoadPlan?
        /// Why it failed.
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
    /// What goes on beside requests, by a number; `stop` awaits it.
    private let work = Mutex<(tasks: [UInt64: Task<Void, Never>], last: UInt64)>(([:], 0))

    /// - Parameters:
    ///   - source: knows the models.
    ///   - launcher: starts them.
    ///   - planner: knows how much room there is; nil loads models as their settings say, by their number alone.
    ///   - limits: how many, and how long.
    ///   - time: by which requests wait and models rest.
    ///   - note: given a sentence for the log where a model is loaded, unloaded or lost.
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

    /// The model of a name, whether it is loaded or not; nil where no source knows it.
    package func model(_ name: String) async throws(InferenceError) -> (any ChatModel)? {
        guard let place = try await self.source.resolve(name) else { return nil }
        return HostedModel(host: self, name: name, purpose: place.purpose)
    }

    /// Every name that may be asked for, in no order.
    package func names() async -> [String] { await self.source.names() }

    /// A model that stays loaded until the lease is returned by `giveBack`.
    /// - Throws: `notReady` where it is not loaded in time, `tooLarge` where it never has room, `failed` where it
    ///   cannot be loaded.
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
                // A cancelled pause is found out above.
                await self.time.sleep(instant)
            case .load: try await self.beginLoading(name)
            case .fail(let error): throw error
            case .refuse: throw .notReady("The server is stopping.")
            }
        }
    }

    /// Why a request has waited in vain.
    private func tooLate(_ name: String) -> InferenceError {
        let phase = self.state.withLock { $0.phase(of: name) }
        return phase == .waiting
            ? .notReady("The model \(name) waits until other models that are in use make room. Wait and try again.")
            : .notReady("The model \(name) is still being loaded. Wait and try again.")
    }

    func giveBack(_ lease: ModelLease) {
        self.state.withLock { $0.giveBack(lease, now: self.time.now()) }
    }

    /// Nobody listens at the engine's address any more; what is left of it is ended.
    func lost(_ lease: ModelLease) async {
        let engine = self.state.withLock { $0.lose(lease.name, lease.generation, self.limits, now: self.time.now()) }
        await engine?.stop()
    }

    /// Starts loading unless somebody else has; the caller waits for the signal.
    private func beginLoading(_ name: String) async throws(InferenceError) {
        guard let place = try await self.source.resolve(name) else {
            throw .notReady("The model \(name) is not here any more.")
        }
        switch self.state.withLock({ $0.beginLoading(name, place, now: self.time.now()) }) {
        case .already, .line(isFirst: false): return
        case .refuse: throw .notReady("The server is stopping.")
        case .line(isFirst: true): self.beside { await self.workLine() }
        case .begin(let generation): self.beside { await self.load(name, place, generation, nil) }
        }
    }

    /// Does something beside requests, which may leave; `stop` awaits it.
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

    /// Loads a model that has its room.
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
            self.note(
                "model \(name) loaded in \(started.duration(to: self.time.now()))" + LoadText.taken(plan, booking))
        } catch {
            self.state.withLock { $0.fail(name, generation, error, self.limits, now: self.time.now()) }
            self.note("model \(name) could not be loaded: \(error.reason)")
        }
    }

    /// Loads a model that is not, as a request would, and returns when it answers.
    package func load(_ name: String) async throws(InferenceError) {
        self.giveBack(try await self.lease(name, until: self.time.now() + .seconds(ProcessLauncher.loadSecondsMax)))
    }

    /// Unloads a model that nobody uses.
    /// - Returns: whether it was loaded and is not any more.
    package func unload(_ name: String) async -> Bool {
        guard let unloaded = self.state.withLock({ $0.unload(name) }) else { return false }
        await unloaded.engine.stop()
        self.state.withLock { $0.unloaded(name, unloaded.generation) }
        self.note("model \(name) unloaded")
        return true
    }

    /// Lets a loaded model stay loaded, or be unloaded when it is idle; for one that is not, its source decides.
    package func setPinned(_ name: String, _ isPinned: Bool) {
        self.state.withLock { $0.setPinned(name, isPinned) }
    }

    package func statuses() -> [Status] { self.state.withLock { $0.statuses } }

    /// Between two looks for idle models.
    private static let sweepSeconds = 2

    /// Unloads idle models until the task is cancelled; then `stop` is to be called.
    package func run() async {
        while !Task.isCancelled {
            // Cancelled by the server's stop, which the loop's condition sees.
            await self.time.sleep(self.time.now() + .seconds(Self.sweepSeconds))
            let idle = self.state.withLock { $0.idle(self.limits, now: self.time.now()) }
            for model in idle {
                await model.engine.stop()
                self.state.withLock { $0.unloaded(model.name, model.generation) }
                self.note("model \(model.name) unloaded: nobody asked for it")
            }
        }
    }

    /// Ends every engine; nothing is loaded afterwards.
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

/// A model that answers, for as long as one request needs it.
package struct ModelLease: Sendable {
    package let name: String
    let generation: UInt64
    let engine: RunningEngine
    let queue: SlotQueue
}
