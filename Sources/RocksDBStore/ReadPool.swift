internal import KeyValue
internal import Primitives
internal import Synchronization

/// A few threads for reads that must touch the disk, with a bounded queue, so that event loops and Swift's cooperative
/// pool do not wait for the disk (except as `ReadPace` allows).
final class ReadPool: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        /// Jobs before this index have been taken.
        var head = 0
        var idleThreads: [Int] = []
        var liveThreadCount: Int
        var isStopping = false
        var whenStopped: (@Sendable () -> Void)?
    }

    /// Waiting reads; with more, a read throws `overloaded`.
    static let queueCountMax = 4096

    private let state: Mutex<State>
    private let wakeups: [Wakeup]

    init(threadCount: Int) {
        precondition((1...64).contains(threadCount), "1 to 64 threads read")
        self.state = Mutex(State(liveThreadCount: threadCount))
        self.wakeups = (0..<threadCount).map { _ in Wakeup() }
        for index in 0..<threadCount {
            BlockingThread.start("store-read") { self.serve(index) }
        }
    }

    /// Runs `work` on a thread of the pool.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () -> Result<Value, StorageError>
    ) async -> Result<Value, StorageError> {
        await Waiter.wait { waiter in
            let refusal = self.submit { waiter.resume(work()) }
            if let refusal { waiter.resume(.failure(refusal)) }
        }
    }

    /// Ends the threads after the waiting jobs, and then calls `body` on the last of them.
    func stop(_ body: @escaping @Sendable () -> Void) {
        self.state.withLock { state in
            precondition(!state.isStopping, "a pool stops once")
            state.isStopping = true
            state.whenStopped = body
        }
        for wakeup in self.wakeups { wakeup.signal() }
    }

    private func submit(_ job: @escaping @Sendable () -> Void) -> StorageError? {
        let (refusal, idleThread): (StorageError?, Int?) = self.state.withLock { state in
            guard !state.isStopping else { return (.unavailable("the store is closed"), nil) }
            guard state.jobs.count - state.head < Self.queueCountMax else { return (.overloaded, nil) }
            state.jobs.append(job)
            return (nil, state.idleThreads.popLast())
        }
        if let idleThread { self.wakeups[idleThread].signal() }
        return refusal
    }

    private func serve(_ index: Int) {
        while true {
            let (job, isStopping): ((@Sendable () -> Void)?, Bool) = self.state.withLock { state in
                guard state.head < state.jobs.count else {
                    if !state.isStopping { state.idleThreads.append(index) }
                    return (nil, state.isStopping)
                }
                let job = state.jobs[state.head]
                state.head += 1
                if state.head == state.jobs.count {
                    state.jobs.removeAll(keepingCapacity: state.head < Self.queueCountMax)
                    state.head = 0
                }
                return (job, false)
            }
            if let job {
                job()
            } else if isStopping {
                break
            } else {
                self.wakeups[index].wait(milliseconds: nil)
            }
        }
        let whenStopped = self.state.withLock { state in
            state.liveThreadCount -= 1
            return state.liveThreadCount == 0 ? state.whenStopped : nil
        }
        whenStopped?()
    }
}
