import Gateway
import NIOCore
import NIOPosix
import Synchronization
import Testing

struct EventLoopTaskExecutorTests {
    private final class Progress: Sendable {
        let isAccepted = Atomic(false)
        let sliceCount = Atomic(0)
    }

    /// Among several tasks, one computes while another waits for its turn.
    @Test(arguments: [1, 3])
    func `tasks that only yield let the loop look at its connections`(count: Int) async throws {
        #expect(try await self.sliceCount(taskCount: count, slice: .milliseconds(3)) != nil)
    }

    @Test func `of many tasks that compute, only some have their turn before the loop looks at its connections`()
        async throws
    {
        let count = try #require(try await self.sliceCount(taskCount: 400, slice: .milliseconds(1)))
        #expect(count < 200)
    }

    /// Runs tasks that compute and yield until the loop has accepted a connection, or for ten seconds.
    /// - Returns: how many slices they ran; nil when the connection was not accepted.
    ///
    /// The loop is its own, since the tasks may keep it from everybody else's connections.
    private func sliceCount(taskCount: Int, slice: Duration) async throws -> Int? {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let executor = EventLoopTaskExecutor(loop)
        let progress = Progress()
        let server = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                progress.isAccepted.store(true, ordering: .relaxed)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(server.localAddress)
        let bootstrap = ClientBootstrap(group: loop)
        let client = await Task(executorPreference: executor) {
            let client = bootstrap.connect(to: address)
            let end = ContinuousClock.now + .seconds(10)
            await withDiscardingTaskGroup { tasks in
                for _ in 0..<taskCount {
                    tasks.addTask(executorPreference: executor) {
                        while !progress.isAccepted.load(ordering: .relaxed), ContinuousClock.now < end {
                            progress.sliceCount.wrappingAdd(1, ordering: .relaxed)
                            let sliceEnd = ContinuousClock.now + slice
                            while ContinuousClock.now < sliceEnd {}
                            await Task.yield()
                        }
                    }
                }
            }
            return client
        }.value
        let isAccepted = progress.isAccepted.load(ordering: .relaxed)
        try await client.get().close()
        try await server.close()
        try await group.shutdownGracefully()
        return isAccepted ? progress.sliceCount.load(ordering: .relaxed) : nil
    }
}
