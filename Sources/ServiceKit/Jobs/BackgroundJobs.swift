internal import Synchronization

/// Work that runs beside requests until the server stops: removals, backfills, sweeps, exports.
///
/// Jobs have names, and at most one job of a name runs at a time. Starting a job that is running makes it run once more
/// afterwards, so that work that arrived meanwhile is not lost. A job must tolerate being cancelled at any point:
/// everything it needs to continue after a restart is in the store.
///
/// When several processes share a store, only the leader runs the jobs of the store (`lead`, `follow`); jobs that
/// concern the process itself run everywhere (`Place.everyProcess`). A job of the store that is started in a follower
/// is not run there: the leader finds its mark in the store.
package final class BackgroundJobs: Sendable {
    /// Jobs at a time; `start` refuses more.
    package static let countMax = 1000

    /// Which processes run a job, when several share a store.
    package enum Place: Sendable {
        case everyProcess, leader
    }

    /// Runs a job within the leader's context, such as a task-local lease.
    package typealias LeaderScope = @Sendable (_ job: @Sendable () async -> Void) async -> Void

    private struct Job {
        let place: Place
        /// nil between the registration of a job and its start.
        var task: Task<Void, Never>?
        var mustRepeat = false
    }

    private struct State {
        var jobs: [String: Job] = [:]
        var isStopped = false
        var isLeading = true
        var scope: LeaderScope?
    }

    private let state = Mutex(State())
    private let executor: (any TaskExecutor)?

    /// - Parameter executor: where jobs run; nil for the global executor.
    package init(executor: (any TaskExecutor)? = nil) {
        self.executor = executor
    }

    /// Starts a job, or marks the running job of that name to run again. Does not wait for it.
    /// - Returns: false when nothing was started or marked: after `stop`, or when `countMax` jobs run.
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
            let scope = place == .leader ? state.scope : nil
            // Awaited by `stop`, or by `follow`.
            let task = Task(executorPreference: self.executor) {
                guard let scope else { return await self.run(name, work) }
                await scope { await self.run(name, work) }
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

    /// Makes this process the leader: it runs the jobs of the store from now on, each within `scope`.
    package func lead(_ scope: @escaping LeaderScope) {
        self.state.withLock { state in
            state.isLeading = true
            state.scope = scope
        }
    }

    /// Makes this process a follower: cancels the jobs of the store, waits for their ends, and starts none from now on.
    package func follow() async {
        let tasks = self.state.withLock { state in
            state.isLeading = false
            state.scope = nil
            return state.jobs.values.filter { $0.place == .leader }.compactMap(\.task)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Waits until the calling task is cancelled, then stops every job.
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

    /// Waits until no job runs; for tests.
    package func whenIdle() async {
        while let task = self.state.withLock({ $0.jobs.values.compactMap(\.task).first }) { await task.value }
    }
}
