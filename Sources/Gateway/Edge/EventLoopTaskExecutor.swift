package import NIOCore
internal import Synchronization

/// Runs the jobs of Swift tasks on one event loop.
///
/// `Task.immediate(executorPreference:)` called on the loop runs its first slice inline, synchronously; every later
/// slice comes back to the loop. Code that computes for long must leave it: one slice is bounded (design, section 3).
///
/// Jobs wait here and not in the loop's own queue, which makes an object of each, and a copy at each of its ends: the
/// loop is told of the first, and runs all that wait then. Each job belongs to a task, so they are as many as tasks.
package final class EventLoopTaskExecutor: TaskExecutor {
    package let eventLoop: any EventLoop
    private let queue = Mutex(Queue())

    private struct Queue {
        var waiting: [UnownedJob] = []
        /// The room of the round before, for the next.
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

    /// Runs what waits now; what comes meanwhile is for the loop's next look, behind everything else that it was given.
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

    /// Room for more jobs than these is given back.
    private static let keptCountMax = 4096
}
