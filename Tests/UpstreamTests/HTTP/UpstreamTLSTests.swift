import Gateway
import NIOSSL
import Primitives
import TestSupport
import Testing
import Upstream

@Suite(.timeLimit(.minutes(1)))
struct UpstreamTLSTests {
    static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    private let folder = ScratchFolder()

    /// The folder with the files of an authority and of a server that it certifies.
    private func certificates() throws -> String {
        _ = try CertificateStore(.development(DevelopmentAuthority(directory: self.folder.path)))
        return self.folder.path
    }

    private func server(_ directory: String, asksForCertificate: Bool = false) async throws -> TestServer {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(directory + "/server.pem").map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: directory + "/server.key", format: .pem)))
        if asksForCertificate {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(directory + "/ca.pem"))
            configuration.certificateVerification = .noHostnameVerification
        }
        return try await TestServer.answering(Self.hello, tls: try NIOSSLContext(configuration: configuration))
    }

    private func ask(_ server: TestServer, _ settings: UpstreamTLS.Settings) async throws -> [UInt8] {
        var endpoint = server.endpoint
        endpoint.isTLS = true
        let client = try UpstreamClient(endpoint, tls: try UpstreamTLS(settings))
        for _ in 0..<4 { _ = try await client.ask(UpstreamRequest("GET", "/"), bytesMax: 5) }
        return try await client.ask(UpstreamRequest("GET", "/"), bytesMax: 5).body
    }

    @Test func `who is certified by our authority is asked`() async throws {
        let directory = try self.certificates()
        let server = try await self.server(directory)
        var settings = UpstreamTLS.Settings()
        settings.authoritiesPath = directory + "/ca.pem"
        settings.trustsSystem = false
        #expect(try await self.ask(server, settings) == Array("hello".utf8))
        settings.serverName = "localhost"
        #expect(try await self.ask(server, settings) == Array("hello".utf8))
    }

    // Another name than the certificate's is not tried: NIOSSL also takes one that names the address which was called.
    @Test func `another authority is not trusted, and nothing is sent`() async throws {
        let directory = try self.certificates()
        let server = try await self.server(directory)
        let error = await #expect(throws: UpstreamError.self) {
            _ = try await self.ask(server, UpstreamTLS.Settings())
        }
        #expect(error?.wasSent == false)
        guard case .untrusted? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `where TLS fails before the request came to the connection the reason is told all the same`()
        async throws
    {
        let server = try await TestServer { _, connection in
            connection.send("220 mail.example ESMTP\r\n")
            connection.close()
            return true
        }
        var endpoint = server.endpoint
        endpoint.isTLS = true
        let client = try UpstreamClient(endpoint)
        for _ in 0..<32 {
            let error = await #expect(throws: UpstreamError.self) {
                _ = try await client.send(UpstreamRequest("GET", "/"))
            }
            #expect(error?.wasSent == false)
            guard case .untrusted? = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func `a server that is slow to agree is given up in the time to connect`() async throws {
        let server = try await TestServer { _, _ in true }
        var endpoint = server.endpoint
        endpoint.isTLS = true
        // Long enough for the connection itself on a machine that is busy with other tests.
        let timeouts = UpstreamTimeouts(connect: .seconds(1))
        let client = try UpstreamClient(endpoint, options: UpstreamOptions(timeouts: timeouts))
        let error = await #expect(throws: UpstreamError.self) { _ = try await client.send(UpstreamRequest("GET", "/")) }
        #expect(error == UpstreamError(.unreachable("TLS was not agreed upon within \(Duration.seconds(1))")))
    }

    @Test func `files that are not there are told`() {
        var settings = UpstreamTLS.Settings()
        settings.authoritiesPath = "/nowhere/ca.pem"
        #expect(throws: UpstreamError.self) { _ = try UpstreamTLS(settings) }
    }
}
