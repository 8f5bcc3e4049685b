internal import Synchronization

/// Work that goes on beside requests until the server stops: removals, backfills, sweeps, exports.
///
/// A job has a name, and at most one of a name runs at a time. Starting it again while it runs makes it run once more
/// afterwards, so that what came up meanwhile is not forgotten. A job must bear being cut off at any point: what it has
/// to go on with after the next start is in the store.
///
/// Of several processes on one store one leads, and only its jobs run (`lead`, `follow`); those that are about the
/// process itself run in each (`Place.everyProcess`). A job that is started in a process that follows is left to the
/// one that leads, which finds it in the store.
package final class BackgroundJobs: Sendable {
    /// Jobs at one time; beyond, none is started.
    package static let countMax = 1000

    /// Where a job runs, when several processes share a store.
    package enum Place: Sendable {
        case everyProcess, leader
    }

    /// Runs a job under what the leader works under, such as a lease.
    package typealias Surroundings = @Sendable (_ job: @Sendable () async -> Void) async -> Void

    private struct Job {
        let place: Place
        /// nil for the moment between its note and its start.
        var task: Task<Void, Never>?
        var mustRepeat = false
    }

    private struct State {
        var jobs: [String: Job] = [:]
        var isStopped = false
        var isLeading = true
        var surroundings: Surroundings?
    }

    private let state = Mutex(State())
    private let executor: (any TaskExecutor)?

    /// - Parameter executor: where jobs run; nil for where all tasks do.
    package init(executor: (any TaskExecutor)? = nil) {
        self.executor = executor
    }

    /// Begins a job, or notes that the running one of that name must run again, and does not wait for it.
    /// - Returns: false when nothing was started or noted: after `stop`, or when `countMax` jobs run.
    @discardableResult
    package func start(
        _ name: String, in place: Place = .leader, _ work: @escaping @Sendable () async -> Void
    ) -> Bool {
        self.state.withLock { state in
            guard !state.isStopped else { return false }
            guard place == .everyProcess || state.isLeading else { return true }
            if state.jobs[name] != nil {
                state.jobs[name]?.mustRepeat = true
                return true
            }
            guard state.jobs.count < Self.countMax else { return false }
            let surroundings = place == .leader ? state.surroundings : nil
            // Awaited by `stop`, or by `follow`.
            let task = Task(executorPreference: self.executor) {
                guard let surroundings else { return await self.run(name, work) }
                await surroundings { await self.run(name, work) }
            }
            state.jobs[name] = Job(place: place, task: task)
            return true
        }
    }

    /// Whether a job of that name runs.
    package func isRunning(_ name: String) -> Bool {
        self.state.withLock { $0.jobs[name] != nil }
    }

    private func run(_ name: String, _ work: @Sendable () async -> Void) async {
        while true {
            await work()
            let isDone = self.state.withLock { state in
                guard state.jobs[name]?.mustRepeat == true, !state.isStopped, !Task.isCancelled else {
                    state.jobs[name] = nil
                    return true
                }
                state.jobs[name]?.mustRepeat = false
                return false
            }
            if isDone { return }
        }
    }

    /// From now on jobs of the leader are started, in these surroundings.
    package func lead(_ surroundings: @escaping Surroundings) {
        self.state.withLock { state in
            state.isLeading = true
            state.surroundings = surroundings
        }
    }

    /// From now on jobs of the leader are left to another process; those that run are cancelled and waited for.
    package func follow() async {
        let tasks = self.state.withLock { state in
            state.isLeading = false
            state.surroundings = nil
            return state.jobs.values.filter { $0.place == .leader }.compactMap(\.task)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Waits until the task that calls is cancelled, then stops every job.
    package func runUntilCancelled() async {
        let (cancellation, continuation) = AsyncStream.makeStream(of: Never.self)
        await withTaskCancellationHandler {
            for await _ in cancellation {}
        } onCancel: {
            continuation.finish()
        }
        await self.stop()
    }

    /// Cancels every job, waits for their ends, and starts none afterwards.
    package func stop() async {
        let tasks = self.state.withLock { state in
            state.isStopped = true
            return state.jobs.values.compactMap(\.task)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Waits until none runs; for tests.
    package func whenIdle() async {
        while let task = self.state.withLock({ $0.jobs.values.compactMap(\.task).first }) { await task.value }
    }
}
