internal import Synchronization

/// Keeps models loaded while they are used: the first request starts a model's engine and waits for it, an idle one is
/// unloaded, and one that crashed is started again for the next request, later each time.
package final class ModelHost: Sendable {
    /// How many, and how long.
    package struct Limits: Sendable, Hashable {
        /// Models of this machine that are loaded at once.
        package var loadedCountMax = 4
        /// How long a request waits for its model and its turn; below the 60 seconds after which AWS's SDKs give up.
        package var holdSeconds = 50
        /// Seconds without a request after which a model is unloaded.
        package var keepAliveSeconds = 300
        /// Requests that wait for their turn at one model.
        package var waitingCountMax = 256
        /// The longest pause after a crash.
        package var backOffSecondsMax = 60

        package init() {}
    }

    /// What is known of a model that was asked for.
    package struct Status: Sendable, Hashable {
        /// How far it is.
        package enum Phase: String, Sendable, Hashable {
            case loading, ready, failed
        }

        package var name: String
        package var phase: Phase
        package var processID: Int32?
        package var requests: Int
        package var waiting: Int
    }

    let source: any ModelSource
    let limits: Limits
    let time: HostTime
    private let launcher: any EngineLauncher
    private let note: @Sendable (String) -> Void
    private let state = Mutex(ModelHostState())
    private let loads = Mutex<[String: Task<Void, Never>]>([:])

    /// - Parameters:
    ///   - source: knows the models.
    ///   - launcher: starts them.
    ///   - limits: how many, and how long.
    ///   - time: by which requests wait and models rest.
    ///   - note: given a sentence for the log where a model is loaded, unloaded or lost.
    package init(
        source: any ModelSource, launcher: any EngineLauncher, limits: Limits = Limits(),
        time: HostTime = .system, note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.source = source
        self.launcher = launcher
        self.limits = limits
        self.time = time
        self.note = note
    }

    /// The model of a name, whether it is loaded or not; nil where no source knows it.
    package func model(_ name: String) async throws(InferenceError) -> (any ChatModel)? {
        guard try await self.source.resolve(name) != nil else { return nil }
        return HostedModel(host: self, name: name)
    }

    /// Every name that may be asked for, in no order.
    package func names() async -> [String] { await self.source.names() }

    /// A model that stays loaded until the lease is returned by `giveBack`.
    /// - Throws: `notReady` where it is not loaded in time, `failed` where it cannot be.
    func lease(_ name: String, until deadline: ContinuousClock.Instant) async throws(InferenceError) -> ModelLease {
        let asked = self.state.withLock { $0.lastGeneration }
        while true {
            let now = self.time.now()
            guard now < deadline, !Task.isCancelled else {
                throw .notReady("The model \(name) is still being loaded. Wait and try again.")
            }
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
        let step = self.state.withLock { $0.beginLoading(name, place, self.limits, now: self.time.now()) }
        switch step {
        case .already: return
        case .full: throw .notReady("Too many other models are in use; the model \(name) is loaded when one is idle.")
        case .begin(let generation, let evicted):
            // Held in `loads`, and awaited by `stop`; requests that wait for it may leave.
            let task = Task {
                for other in evicted {
                    self.note("model \(other.name) unloaded to make room for \(name)")
                    await other.engine.stop()
                }
                await self.load(name, place, generation)
                self.loads.withLock { _ = $0.removeValue(forKey: name) }
            }
            self.loads.withLock { $0[name] = task }
        }
    }

    private func load(_ name: String, _ place: ModelPlace, _ generation: UInt64) async {
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
            self.note("model \(name) loaded in \(started.duration(to: self.time.now()))")
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
        guard let engine = self.state.withLock({ $0.unload(name) }) else { return false }
        await engine.stop()
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
            for (name, engine) in idle {
                await engine.stop()
                self.note("model \(name) unloaded: nobody asked for it")
            }
        }
    }

    /// Ends every engine; nothing is loaded afterwards.
    package func stop() async {
        let engines = self.state.withLock { $0.stop() }
        let loads = self.loads.withLock { Array($0.values) }
        for load in loads { load.cancel() }
        await withTaskGroup(of: Void.self) { group in
            for engine in engines { group.addTask { await engine.stop() } }
            for load in loads { group.addTask { await load.value } }
        }
    }
}

/// A model that answers, for as long as one request needs it.
struct ModelLease: Sendable {
    let name: String
    let generation: UInt64
    let engine: RunningEngine
    let queue: SlotQueue
}
