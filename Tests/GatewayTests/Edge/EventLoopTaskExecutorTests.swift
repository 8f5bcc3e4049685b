import Gateway
import NIOCore
import NIOPosix
import Synchronization
import Testing

struct EventLoopTaskExecutorTests {
    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    /// Among several tasks, one computes while another waits for its turn.
    @Test(arguments: [1, 3])
    func `tasks that only yield let the loop look at its connections`(count: Int) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let executor = EventLoopTaskExecutor(loop)
        let accepted = Flag()
        let server = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                accepted.isSet.store(true, ordering: .relaxed)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(server.localAddress)
        let bootstrap = ClientBootstrap(group: loop)
        let client = await Task(executorPreference: executor) {
            let client = bootstrap.connect(to: address)
            let end = ContinuousClock.now + .seconds(10)
            await withDiscardingTaskGroup { tasks in
                for _ in 0..<count {
                    tasks.addTask(executorPreference: executor) {
                        while !accepted.isSet.load(ordering: .relaxed), ContinuousClock.now < end {
                            let sliceEnd = ContinuousClock.now + .milliseconds(3)
                            while ContinuousClock.now < sliceEnd {}
                            await Task.yield()
                        }
                    }
                }
            }
            return client
        }.value
        let isAccepted = accepted.isSet.load(ordering: .relaxed)
        #expect(isAccepted)
        try await client.get().close()
        try await server.close()
    }
}
