import Foundation
import Gateway
import Primitives
import Server
import TestSupport
import Testing

@Suite struct ServerProbeTests {
    private let folder = ScratchFolder()

    /// Answers every request alike.
    private struct Readyz: EdgeResponder {
        let status: Int
        let text: String

        func plan(_ head: RequestHead, connection: ConnectionInfo, on loop: LoopContext) -> RequestPlan {
            let found = head.path == "/readyz"
            return .reply(EdgeResponse(status: found ? self.status : 404, body: .bytes(Array(self.text.utf8))))
        }
    }

    /// What the probe says of a server that answers so, and that the data directory names.
    private func status(
        _ status: Int, _ text: String, host: String = "127.0.0.1", answersPlaintext: Bool = true
    ) async throws -> (status: ServerStatus, port: Int) {
        let listener = try await EdgeListener.start(
            EdgeConfiguration(hosts: [host], port: 0, loopCount: 1, allowsPlaintext: true),
            responder: Readyz(status: status, text: text))
        let address = ServerAddress(
            processID: ProcessEnvironment.processID, port: listener.port, host: host, version: "0.1.0",
            region: "us-east-1", answersPlaintext: answersPlaintext)
        try self.folder.write("server", address.text)
        // What the running server says of itself counts, not what another start would do.
        var configuration = self.folder.configuration
        configuration.allowsPlaintext = !answersPlaintext
        let found = ServerProbe.status(configuration)
        _ = await listener.drain(deadline: .zero)
        await listener.shutDown()
        return (found, listener.port)
    }

    @Test func `a server that is ready is told with its process and endpoint`() async throws {
        let (status, port) = try await self.status(200, "ready\n")
        #expect(status.isRunning && status.isReady)
        #expect(status.endpoint == "http://localhost:\(port)")
        #expect(
            status.lines == [
                "brume 0.1.0 is running as process \(ProcessEnvironment.processID)",
                "endpoint  http://localhost:\(port)",
                "ready     yes",
            ])
    }

    @Test func `a server that is not ready says why, in one line`() async throws {
        let (status, _) = try await self.status(503, "starting\nno disk\n")
        #expect(status.isRunning && !status.isReady)
        #expect(status.detail == "starting no disk")
        #expect(status.lines.last == "ready     no: starting no disk")
    }

    @Test func `a server without plain HTTP is asked whether it takes connections`() async throws {
        let (status, port) = try await self.status(200, "", answersPlaintext: false)
        #expect(status.isRunning && status.isReady)
        #expect(status.endpoint == "https://localhost:\(port)")
        #expect(status.detail == "port \(port) answers")
    }

    @Test(arguments: ["0.0.0.0", "::1", "::", "127.0.0.2", "localhost"])
    func `a server on other addresses of this machine is found`(_ host: String) async throws {
        #expect(try await self.status(200, "ready\n", host: host).status.isReady)
    }

    @Test func `a directory without a server says how to start one`() {
        let status = ServerProbe.status(self.folder.configuration)
        #expect(!status.isRunning && !status.isReady)
        #expect(status.lines == ["no server is running on \(self.folder.path); start one with `brume start`"])
        #expect(ServerProbe.address(self.folder.configuration) == nil)
    }

    @Test func `a port that nobody listens on any more answers nothing`() async throws {
        let (_, port) = try await self.status(200, "ready\n")
        let status = ServerProbe.status(self.folder.configuration)
        #expect(!status.isRunning)
        #expect(status.detail == "nothing answers on port \(port)")
        #expect(status.lines == [status.detail])
        let finding = Diagnosis.findings(self.folder.configuration).first { $0.subject == "server" }
        let processID = ProcessEnvironment.processID
        #expect(
            finding?.detail
                == "process \(processID) was started as the server, but nothing answers on port \(port)")
        #expect(finding?.remedy?.hasPrefix("see `ps -p \(processID)`") == true)
    }

    @Test(arguments: [
        ("the data directory FOLDER is gone\n", true),
        ("the store's directory FOLDER/store is gone: what is written now ends with this process\n", true),
        ("the data directory /another is gone\n", false), ("starting\n", false),
    ])
    func `a server whose data directory was removed is found on its port`(_ text: String, _ isOurs: Bool) async throws {
        let text = text.replacingOccurrences(of: "FOLDER", with: self.folder.path)
        let listener = try await EdgeListener.start(
            EdgeConfiguration(hosts: ["127.0.0.1"], port: 0, loopCount: 1, allowsPlaintext: true),
            responder: Readyz(status: 503, text: text))
        var configuration = self.folder.configuration
        configuration.port = listener.port
        let status = ServerProbe.status(configuration)
        let finding = Diagnosis.findings(configuration).first { $0.subject == "server" }
        _ = await listener.drain(deadline: .zero)
        await listener.shutDown()
        #expect(status.isRunning == isOurs && !status.isReady)
        #expect(finding?.isGood == false)
        guard isOurs else { return }
        #expect(status.lines.first == "a server is running")
        #expect(status.lines.last == "ready     no: \(text.dropLast())")
        #expect(finding?.detail == "not ready: \(text.dropLast())")
    }

    @Test(arguments: ["", "nonsense", "\(Int32.max)\n4566\n127.0.0.1\n0.1.0\nus-east-1\nhttps\n-\n"])
    func `a file that names no living process is no server's`(_ text: String) throws {
        try self.folder.write("server", text)
        #expect(ServerProbe.address(self.folder.configuration) == nil)
    }
}
