internal import KeyValue
internal import Primitives
internal import Synchronization

/// Threads with a connection each, for everything but commits. Waiting reads are sent over one connection in one
/// pipeline; event loops and Swift's cooperative pool never wait for the server.
///
/// Every job must be repeatable: if its connection is lost, it is done again on another.
final class ReadThreads: Sendable {
    private struct Job: Sendable {
        let request: Request
        let complete: @Sendable (Result<Rows, ConnectionFailure>) -> Void
    }

    private struct State {
        var jobs: [Job] = []
        var idleThreads: [Int] = []
        var liveThreadCount: Int
        var isStopping = false
    }

    /// Waiting reads; with more, a read throws `overloaded`.
    static let queueCountMax = 4096
    /// Reads in one pipeline.
    static let pipelineCountMax = 16

    private let options: PostgresOptions
    private let beacon: HealthBeacon
    /// Called when reads have failed because the server is away.
    private let whenAway: @Sendable () -> Void
    private let state: Mutex<State>
    private let wakers: [PollWaker]

    init(_ options: PostgresOptions, beacon: HealthBeacon, whenAway: @escaping @Sendable () -> Void) {
        precondition((1...64).contains(options.readConnectionCount), "1 to 64 connections read")
        self.options = options
        self.beacon = beacon
        self.whenAway = whenAway
        self.state = Mutex(State(liveThreadCount: options.readConnectionCount))
        self.wakers = (0..<options.readConnectionCount).map { _ in PollWaker() }
    }

    /// Starts the threads.
    ///
    /// - Parameter whenStopped: called once, on the last thread at its end.
    func start(_ whenStopped: @escaping @Sendable () -> Void) {
        for index in self.wakers.indices {
            BlockingThread.start("pg-read") {
                self.serve(index)
                let isLast = self.state.withLock { state in
                    state.liveThreadCount -= 1
                    return state.liveThreadCount == 0
                }
                if isLast { whenStopped() }
            }
        }
    }

    /// Ends the threads after the waiting jobs.
    func stop() {
        self.state.withLock { $0.isStopping = true }
        for waker in self.wakers { waker.wake() }
    }

    /// Requests rows; `decode` reads them on the thread that received them.
    func run<Value: Sendable>(
        _ request: Request, _ decode: @escaping @Sendable (Rows) -> Value
    ) async throws(StorageError) -> Value {
        let result: Result<Value, StorageError> = await Waiter.wait { waiter in
            let job = Job(request: request) { rows in
                waiter.resume(rows.map(decode).mapError(Self.storageError))
            }
            if let refusal = self.submit(job) { waiter.resume(.failure(refusal)) }
        }
        return try result.get()
    }

    private static func storageError(_ failure: ConnectionFailure) -> StorageError {
        switch failure {
        case .lost(let sentence): .unavailable("PostgreSQL does not answer: \(sentence)")
        case .refused: .unavailable("PostgreSQL refused: \(failure.sentence)")
        }
    }

    private func submit(_ job: Job) -> StorageError? {
        let (refusal, idleThread): (StorageError?, Int?) = self.state.withLock { state in
            guard !state.isStopping else { return (.unavailable(PostgresStore.closedReason), nil) }
            guard state.jobs.count < Self.queueCountMax else { return (.overloaded, nil) }
            state.jobs.append(job)
            return (nil, state.idleThreads.popLast())
        }
        if let idleThread { self.wakers[idleThread].wake() }
        return refusal
    }

    private func serve(_ index: Int) {
        var connection: Connection?
        while true {
            let (jobs, isStopping) = self.take(index)
            if !jobs.isEmpty {
                self.perform(jobs, on: &connection)
            } else if isStopping {
                return
            } else if self.wakers[index].wait(watching: connection?.socket, milliseconds: nil) {
                if connection?.isLostWhileIdle() ?? false { connection = nil }
                // The thread is already in the list of idle ones.
                self.state.withLock { state in state.idleThreads.removeAll { $0 == index } }
            }
        }
    }

    /// This thread's share of the waiting jobs.
    private func take(_ index: Int) -> ([Job], isStopping: Bool) {
        self.state.withLock { state in
            let share = (state.jobs.count + self.wakers.count - 1) / self.wakers.count
            let jobs = Array(state.jobs.prefix(min(share, Self.pipelineCountMax)))
            state.jobs.removeFirst(jobs.count)
            if jobs.isEmpty, !state.isStopping, !state.idleThreads.contains(index) { state.idleThreads.append(index) }
            return (jobs, state.isStopping)
        }
    }

    private func perform(_ jobs: [Job], on connection: inout Connection?) {
        var left = jobs
        var backoff = Backoff(first: 20, atMost: 500, random: self.options.random)
        let start = ContinuousClock.now
        var attempt = 0
        while !left.isEmpty {
            attempt += 1
            do throws(ConnectionFailure) {
                let usable = if let connection { connection } else { try self.connect() }
                connection = usable
                let answers = try usable.run(left.map { [$0.request] })
                left = self.complete(left, answers, isLastAttempt: attempt >= self.options.attemptsMax)
            } catch {
                connection = nil
                let isOver = ContinuousClock.now - start >= .milliseconds(self.options.outageMillisecondsMax)
                // The job that notices an outage waits for the server; while the outage is known, later ones fail at
                // once.
                guard !isOver, self.beacon.health.isTakingWrites || attempt == 1 else {
                    self.whenAway()
                    for job in left { job.complete(.failure(error)) }
                    return
                }
            }
            if !left.isEmpty { BlockingThread.sleep(milliseconds: backoff.next()) }
        }
    }

    private func connect() throws(ConnectionFailure) -> Connection {
        let connection = try Connection(self.options)
        let statements = Statement.reading + (self.options.isExclusive ? Statement.loading : [])
        try connection.prepare(statements, schema: self.options.schema)
        return connection
    }

    /// Reports the results, except for jobs that are worth another attempt, which it returns.
    private func complete(
        _ jobs: [Job], _ answers: [Result<[Rows], ConnectionFailure>], isLastAttempt: Bool
    ) -> [Job] {
        var again: [Job] = []
        for (job, answer) in zip(jobs, answers) {
            switch answer {
            case .success(let rows): job.complete(.success(rows[0]))
            case .failure(let failure):
                if !isLastAttempt, failure.refusal == .again {
                    again.append(job)
                } else {
                    job.complete(.failure(failure))
                }
            }
        }
        return again
    }
}
