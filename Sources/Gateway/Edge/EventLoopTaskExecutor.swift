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

        /// After a round that was interrupted: the rest comes before what has arrived meanwhile.
        mutating func putBack(_ jobs: [UnownedJob]) {
            self.waiting.insert(contentsOf: jobs, at: 0)
            self.chainStart = nil
        }

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

    /// Runs the jobs that wait now, as far as time allows. Jobs that arrive meanwhile are run after its other tasks.
    private func runWaiting() {
        var jobs = self.queue.withLock { queue in
            var jobs: [UnownedJob] = []
            swap(&jobs, &queue.spare)
            swap(&jobs, &queue.waiting)
            return jobs
        }
        let ranCount = self.run(jobs)
        let isInterrupted = ranCount < jobs.count
        if isInterrupted {
            jobs.removeFirst(ranCount)
        } else {
            jobs.removeAll(keepingCapacity: jobs.capacity <= Self.keptCountMax)
        }
        let delay = self.queue.withLock { queue -> TimeAmount? in
            guard isInterrupted else {
                queue.spare = jobs
                return queue.delay()
            }
            queue.putBack(jobs)
            return Self.pause
        }
        switch delay {
        case nil: break
        case .zero: self.eventLoop.execute { self.runWaiting() }
        case .some(let delay): self.eventLoop.scheduleTask(in: delay) { self.runWaiting() }
        }
    }

    /// Each of many jobs may be a slice of something long: together they would keep the loop from its connections.
    /// - Returns: how many jobs were run.
    private func run(_ jobs: [UnownedJob]) -> Int {
        guard jobs.count > Self.untimedCountMax else {
            for job in jobs { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
            return jobs.count
        }
        let end = NIODeadline.now() + Self.chainMax
        for (index, job) in jobs.enumerated() {
            unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
            if NIODeadline.now() > end { return index + 1 }
        }
        return jobs.count
    }

    /// With no more jobs in a round, the clock is not read.
    private static let untimedCountMax = 4
    /// An array with room for more jobs is released.
    private static let keptCountMax = 4096
}
