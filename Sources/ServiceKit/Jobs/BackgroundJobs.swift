internal import Synchronization

/// Work that goes on beside requests until the server stops: removals, backfills, sweeps, exports.
///
/// A job has a name, and at most one of a name runs at a time. Starting it again while it runs makes it run once more
/// afterwards, so that what came up meanwhile is not forgotten. A job must bear being cut off at any point: what it has
/// to go on with after the next start is in the store.
package final class BackgroundJobs: Sendable {
    /// Jobs at one time; beyond, none is started.
    package static let countMax = 1000

    private struct Job {
        /// nil for the moment between its note and its start.
        var task: Task<Void, Never>?
        var mustRepeat = false
    }

    private struct State {
        var jobs: [String: Job] = [:]
        var isStopped = false
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
    package func start(_ name: String, _ work: @escaping @Sendable () async -> Void) -> Bool {
        self.state.withLock { state in
            guard !state.isStopped else { return false }
            if state.jobs[name] != nil {
                state.jobs[name]?.mustRepeat = true
                return true
            }
            guard state.jobs.count < Self.countMax else { return false }
            // Awaited by `stop`.
            let task = Task(executorPreference: self.executor) { await self.run(name, work) }
            state.jobs[name] = Job(task: task)
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
                guard state.jobs[name]?.mustRepeat == true, !state.isStopped else {
                    state.jobs[name] = nil
                    return true
                }
                state.jobs[name]?.mustRepeat = false
                return false
            }
            if isDone { return }
        }
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
