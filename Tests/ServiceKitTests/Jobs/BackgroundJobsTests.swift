import ServiceKit
import Synchronization
import Testing

struct BackgroundJobsTests {
    /// Lets a job wait until the test says go, and counts its runs.
    private final class Gate: Sendable {
        let runs = Atomic<Int>(0)
        private let opened: AsyncStream<Void>
        private let opener: AsyncStream<Void>.Continuation

        init() {
            (self.opened, self.opener) = AsyncStream.makeStream()
        }

        func open() { self.opener.yield() }

        func pass() async {
            self.runs.add(1, ordering: .relaxed)
            for await _ in self.opened { return }
        }
    }

    @Test func `a job that is started while it runs runs once more, however often it was started`() async {
        let jobs = BackgroundJobs()
        let gate = Gate()
        for _ in 0..<5 { #expect(jobs.start("sweep") { await gate.pass() }) }
        #expect(jobs.isRunning("sweep"))
        gate.open()
        gate.open()
        await jobs.whenIdle()
        #expect(gate.runs.load(ordering: .relaxed) == 2)
        #expect(!jobs.isRunning("sweep"))
    }

    @Test func `jobs of different names run beside each other`() async {
        let jobs = BackgroundJobs()
        let first = Gate()
        jobs.start("first") { await first.pass() }
        jobs.start("second") { first.open() }
        await jobs.whenIdle()
        #expect(first.runs.load(ordering: .relaxed) == 1)
    }

    @Test func `the end of the caller cancels every job and waits for it`() async {
        let jobs = BackgroundJobs()
        let gate = Gate()
        jobs.start("endless") { await gate.pass() }
        let runner = Task { await jobs.runUntilCancelled() }
        runner.cancel()
        await runner.value
        #expect(!jobs.isRunning("endless"))
        #expect(!jobs.start("late") {})
    }

    @Test func `a process that follows runs only what is about itself`() async {
        let jobs = BackgroundJobs()
        let gate = Gate()
        jobs.start("sweep") { await gate.pass() }
        #expect(jobs.isRunning("sweep"))
        await jobs.follow()
        #expect(!jobs.isRunning("sweep"))
        #expect(jobs.start("sweep") { await gate.pass() })
        #expect(!jobs.isRunning("sweep"))
        #expect(jobs.start("metrics", in: .everyProcess) { await gate.pass() })
        #expect(jobs.isRunning("metrics"))
        await jobs.stop()
    }

    @Test func `a process that leads again runs its jobs in the scope of its new term`() async {
        let jobs = BackgroundJobs()
        await jobs.follow()
        let seen = Atomic(0)
        jobs.lead { job in await Term.$current.withValue(7) { await job() } }
        jobs.start("sweep") { seen.store(Term.current, ordering: .relaxed) }
        await jobs.whenIdle()
        let count = seen.load(ordering: .relaxed)
        #expect(count == 7)
    }

    private enum Term {
        @TaskLocal static var current = 0
    }
}
