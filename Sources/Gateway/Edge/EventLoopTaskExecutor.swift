package import NIOCore
internal import Synchronization

/// Runs the jobs of Swift tasks on one event loop.
///
/// `Task.immediate(executorPreference:)` called on the loop runs its first slice inline, synchronously; every later
/// slice comes back to the loop. Long computations must leave it: a slice is bounded (`Pipeline.loopBodyBytesMax`).
///
/// Jobs wait here rather than in the loop's own queue, which allocates an object for each and copies it twice. The loop
/// is told about the first job only, and then runs all that wait. Each job belongs to a task, so tasks bound their
/// number.
package final class EventLoopTaskExecutor: TaskExecutor {
    package let eventLoop: any EventLoop
    private let queue = Mutex(Queue())

    private struct Queue {
        var waiting: [UnownedJob] = []
        /// The emptied array of the previous round, reused for the next.
        var spare: [UnownedJob] = []
        /// Whether the loop will look here again without being told: it is about to run the jobs, or runs some.
        var isTold = false
        /// Since when rounds have followed each other without a pause.
        var chainStart: NIODeadline?

        /// After a round: how long the jobs that have arrived during it are to wait.
        /// - Returns: nil if there are none.
        mutating func delay() -> TimeAmount? {
            guard !self.waiting.isEmpty else {
                self.isTold = false
                self.chainStart = nil
                return nil
            }
            let now = NIODeadline.now()
            guard let start = self.chainStart else {
                self.chainStart = now
                return .zero
            }
            guard now - start > EventLoopTaskExecutor.chainMax else { return .zero }
            self.chainStart = nil
            return EventLoopTaskExecutor.pause
        }
    }

    /// NIO runs what a task adds in the same round, before it looks at its connections: jobs that yield to others
    /// would keep it from them. After this time they wait for a moment that is yet to come, which ends the round.
    private static let chainMax = TimeAmount.milliseconds(2)
    /// Counted from the end of a round: a moment that passes while other jobs still run would end nothing.
    private static let pause = TimeAmount.microseconds(20)

    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = self.queue.withLock { queue in
            defer { queue.isTold = true }
            queue.waiting.append(job)
            return !queue.isTold
        }
        if isFirst { self.eventLoop.execute { self.runWaiting() } }
    }

    /// Runs the jobs that wait now. Jobs that arrive meanwhile are run after its other tasks.
    private func runWaiting() {
        var jobs = self.queue.withLock { queue in
            var jobs: [UnownedJob] = []
            swap(&jobs, &queue.spare)
            swap(&jobs, &queue.waiting)
            return jobs
        }
        for job in jobs { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        jobs.removeAll(keepingCapacity: jobs.capacity <= Self.keptCountMax)
        let delay = self.queue.withLock { queue in
            queue.spare = jobs
            return queue.delay()
        }
        switch delay {
        case nil: break
        case .zero: self.eventLoop.execute { self.runWaiting() }
        case .some(let delay): self.eventLoop.scheduleTask(in: delay) { self.runWaiting() }
        }
    }

    /// An array with room for more jobs is released.
    private static let keptCountMax = 4096
}
