internal import ArgumentParser
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// `Bench bare`: a NIOHTTP1 server that reads each request whole and answers it with preset bytes. The floor.
struct Bare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer every request with the same bytes.", shouldDisplay: false)

    /// The line that names the ports, in the order of the answers.
    static let readyPrefix = "ports "

    @Option(help: "Event loops, each a thread.")
    var loops = 1

    @Argument(help: "Files with one whole HTTP response each; each gets a port.")
    var answers: [String]

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: self.loops)
        var channels: [any Channel] = []
        for path in self.answers {
            let answer = try BareAnswer(file: path)
            let bootstrap = ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 512)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                        try channel.pipeline.syncOperations.addHandler(BareHandler(answer))
                    }
                }
            channels.append(try await bootstrap.bind(host: "127.0.0.1", port: 0).get())
        }
        let ports = channels.compactMap { $0.localAddress?.port }.map(String.init)
        try writeLine(Self.readyPrefix + ports.joined(separator: " "))
        for channel in channels { try await channel.closeFuture.get() }
    }
}
