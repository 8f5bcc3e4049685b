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
    }

    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = self.queue.withLock { queue in
            defer { queue.waiting.append(job) }
            return queue.waiting.isEmpty
        }
        if isFirst { self.eventLoop.execute { self.runWaiting() } }
    }

    /// Runs the jobs that wait now. Jobs that arrive meanwhile are run in the loop's next round, after its other work.
    private func runWaiting() {
        var jobs = self.queue.withLock { queue in
            var jobs: [UnownedJob] = []
            swap(&jobs, &queue.spare)
            swap(&jobs, &queue.waiting)
            return jobs
        }
        for job in jobs { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        jobs.removeAll(keepingCapacity: jobs.capacity <= Self.keptCountMax)
        self.queue.withLock { $0.spare = jobs }
    }

    /// An array with room for more jobs is released.
    private static let keptCountMax = 4096
}
