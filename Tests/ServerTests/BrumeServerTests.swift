import Primitives
import Server
import TestSupport
import Testing

/// A whole server in this process, on a port of its own.
@Suite struct BrumeServerTests {
    private let folder = ScratchFolder()

    private var configuration: Configuration {
        var configuration = self.folder.configuration
        (configuration.port, configuration.loops, configuration.drainSeconds) = (0, 1, 0)
        return configuration
    }

    @Test func `a server says where it is until it stops, and is not ready before its start lines are said`()
        async throws
    {
        let server = try await BrumeServer.start(LiveConfiguration(self.configuration))
        let address = try #require(ServerProbe.address(self.configuration))
        #expect(address.port == server.port)
        let status = ServerProbe.status(self.configuration)
        #expect(status.isRunning && !status.isReady)
        #expect(status.detail == "starting")
        #expect(server.startLines.contains { $0.text.hasPrefix("root key ") })
        await server.stop()
        #expect(ServerProbe.address(self.configuration) == nil)
        #expect(try self.folder.mode("logs/access.log") == 0o600)
    }

    @Test func `a directory has one server at a time, and the second is told`() async throws {
        let server = try await BrumeServer.start(LiveConfiguration(self.configuration))
        let locked = await #expect(throws: StartError.self) {
            try await BrumeServer.start(LiveConfiguration(self.configuration))
        }
        #expect(locked?.reason == .storeLocked)
        #expect(ServerProbe.address(self.configuration)?.port == server.port)
        let other = ScratchFolder()
        var configuration = other.configuration
        (configuration.port, configuration.loops) = (server.port, 1)
        let taken = await #expect(throws: StartError.self) {
            try await BrumeServer.start(LiveConfiguration(configuration))
        }
        #expect(taken?.reason == .portInUse)
        await server.stop()
        let next = try await BrumeServer.start(LiveConfiguration(self.configuration))
        #expect(!next.startLines.contains { $0.text.hasPrefix("root key ") })
        await next.stop()
    }

    @Test func `a certificate that cannot be read ends the start with its path`() async {
        var configuration = self.configuration
        (configuration.tlsCertificate, configuration.tlsKey) = ("/absent/c.pem", "/absent/k.pem")
        let error = await #expect(throws: StartError.self) {
            try await BrumeServer.start(LiveConfiguration(configuration))
        }
        #expect(error?.reason == .configuration)
        #expect(error?.sentence.contains("/absent/") == true)
    }
}
