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
        var isRunning = false
        /// Since when jobs that arrive while others run have followed each other without a pause.
        var chainStart: NIODeadline?

        /// When the loop is to run the jobs, of which there is none yet.
        mutating func pause() -> TimeAmount? {
            guard self.isRunning, let start = self.chainStart else {
                self.chainStart = self.isRunning ? .now() : nil
                return nil
            }
            guard NIODeadline.now() - start > EventLoopTaskExecutor.chainMax else { return nil }
            self.chainStart = nil
            return EventLoopTaskExecutor.pause
        }
    }

    /// NIO runs what a task adds in the same round, before it looks at its connections: jobs that yield to others
    /// would keep it from them. After this time they wait for a moment that is yet to come, which ends the round.
    private static let chainMax = TimeAmount.milliseconds(2)
    private static let pause = TimeAmount.microseconds(20)

    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let (isFirst, pause) = self.queue.withLock { queue in
            let isFirst = queue.waiting.isEmpty
            let pause = isFirst ? queue.pause() : nil
            queue.waiting.append(job)
            return (isFirst, pause)
        }
        guard isFirst else { return }
        guard let pause else { return self.eventLoop.execute { self.runWaiting() } }
        self.eventLoop.scheduleTask(in: pause) { self.runWaiting() }
    }

    /// Runs the jobs that wait now. Jobs that arrive meanwhile are run after its other tasks.
    private func runWaiting() {
        var jobs = self.queue.withLock { queue in
            var jobs: [UnownedJob] = []
            swap(&jobs, &queue.spare)
            swap(&jobs, &queue.waiting)
            queue.isRunning = true
            return jobs
        }
        for job in jobs { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        jobs.removeAll(keepingCapacity: jobs.capacity <= Self.keptCountMax)
        self.queue.withLock {
            $0.spare = jobs
            $0.isRunning = false
        }
    }

    /// An array with room for more jobs is released.
    private static let keptCountMax = 4096
}
