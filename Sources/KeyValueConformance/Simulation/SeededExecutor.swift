internal import Primitives
internal import Synchronization

/// Runs tasks one at a time, in an order that a seed decides: what may happen in any order does so in as many orders as
/// there are seeds, and happens again with the same one.
///
/// What is not repeated exactly is a task that leaves it, as `Task.sleep` and `Task.yield` do.
package final class SeededExecutor: TaskExecutor {
    private enum Work {
        case job(UnownedJob)
        case turn(CheckedContinuation<Void, Never>)
    }

    private struct State {
        var waiting: [Work] = []
        var isRunning = false
    }

    private let state = Mutex(State())
    private let random: SeededRandomSource
    /// How often, of 8 times, the newest goes first: some seeds make long runs of one task, others none.
    private let newestFirstEighths: UInt64

    package init(seed: UInt64) {
        self.random = SeededRandomSource(seed: seed)
        self.newestFirstEighths = self.random.next() % 7
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.add(.job(job))
    }

    /// Lets others go first, or not.
    package func turn() async {
        await withCheckedContinuation { continuation in
            self.add(.turn(continuation))
        }
    }

    private func add(_ work: sending Work) {
        let mustStart = self.state.withLock { state in
            state.waiting.append(work)
            if state.isRunning { return false }
            state.isRunning = true
            return true
        }
        if mustStart { BlockingThread.start("seeded") { self.run() } }
    }

    private func run() {
        while let work = self.next() {
            switch work {
            case .job(let job): unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
            case .turn(let continuation): continuation.resume()
            }
        }
    }

    private func next() -> Work? {
        let (first, second) = (self.random.next(), self.random.next())
        return self.state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            if first % 8 < self.newestFirstEighths { return state.waiting.removeLast() }
            return state.waiting.remove(at: Int(second % UInt64(state.waiting.count)))
        }
    }
}
