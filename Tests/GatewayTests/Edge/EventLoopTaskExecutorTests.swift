import Gateway
import NIOCore
import NIOPosix
import Synchronization
import Testing

struct EventLoopTaskExecutorTests {
    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    @Test(.timeLimit(.minutes(1))) func `a task that only yields lets the loop look at its connections`() async throws {
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
        let client = await Task(executorPreference: executor) {
            let client = ClientBootstrap(group: loop).connect(to: address)
            while !accepted.isSet.load(ordering: .relaxed) { await Task.yield() }
            return client
        }.value
        try await client.get().close()
        try await server.close()
    }
}
