package import NIOCore

/// Runs the jobs of Swift tasks on one event loop.
///
/// `Task.immediate(executorPreference:)` called on the loop runs its first slice inline, synchronously; every later
/// slice comes back to the loop. Code that computes for long must leave it: one slice is bounded (design, section 3).
package final class EventLoopTaskExecutor: TaskExecutor {
    package let eventLoop: any EventLoop

    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.eventLoop.execute {
            unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
