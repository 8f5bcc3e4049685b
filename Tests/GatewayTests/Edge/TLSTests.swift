import Gateway
import NIOCore
import NIOEmbedded
import NIOPosix
import NIOSSL
import NIOTLS
import Primitives
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite struct `TLS` {
    /// The certificate names 127.0.0.1, and NIOSSL's client is content with the peer's address.
    private static let uncertifiedHost = "127.0.0.2"

    private let folder = ScratchFolder()

    /// Trusts nothing but the installation's own authority.
    private func client(trusting path: String, protocols: [String]) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(path)
        configuration.applicationProtocols = protocols
        return try NIOSSLContext(configuration: configuration)
    }

    /// One HTTP/1.1 request over TLS, to this name.
    private func get(
        port: Int, tls: NIOSSLContext, name: String, host: String = "127.0.0.1"
    ) async throws -> String {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        let client = RawClient()
        let channel = try await bootstrap.channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let isAddress = name.utf8.allSatisfy { $0 == 0x2E || $0 == 0x3A || ($0 >= 0x30 && $0 <= 0x39) }
                try channel.pipeline.syncOperations.addHandler(
                    NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : name))
                try channel.pipeline.syncOperations.addHandler(client.makeCollector())
            }
        }.connect(host: host, port: port).get()
        // The write waits for the handshake, and may fail with it.
        try? await channel.writeAndFlush(
            ByteBuffer(string: "GET /tls HTTP/1.1\r\nHost: \(name)\r\nConnection: close\r\n\r\n")
        ).get()
        return await client.receiveAll() ?? ""
    }

    private func mode(_ path: String) -> mode_t {
        var info = stat()
        guard unsafe stat(path, &info) == 0 else { return 0 }
        return info.st_mode & 0o777
    }

    private func text(_ path: String) -> String {
        guard let file = unsafe fopen(path, "r") else { return "" }
        defer { _ = unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private func write(_ text: String, to path: String) {
        guard let file = unsafe fopen(path, "w") else { return }
        _ = unsafe fputs(text, file)
        _ = unsafe fclose(file)
    }

    @Test(arguments: ["localhost", "a.localhost", "127.0.0.1", "brume.test"])
    func `a client that trusts the development authority reaches the server by its names`(name: String) async throws {
        let directory = self.folder.path
        let certificates = try CertificateStore(
            .development(DevelopmentAuthority(directory: directory, names: ["brume.test"])))
        try await withListener(certificates: certificates) { listener in
            let tls = try self.client(trusting: directory + "/ca.pem", protocols: ["http/1.1"])
            let answer = try await self.get(port: listener.port, tls: tls, name: name)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("X-Seen: GET /tls?\r\n"))
        }
        #expect(self.mode(directory + "/ca.key") == 0o600)
        #expect(self.mode(directory + "/server.key") == 0o600)
        #expect(self.mode(directory) == 0o700)
    }

    @Test func `another name is not certified`() async throws {
        let directory = self.folder.path
        let certificates = try CertificateStore(.development(DevelopmentAuthority(directory: directory)))
        try await withListener(host: Self.uncertifiedHost, certificates: certificates) { listener in
            let tls = try self.client(trusting: directory + "/ca.pem", protocols: ["http/1.1"])
            let answer = try await self.get(
                port: listener.port, tls: tls, name: "example.com", host: Self.uncertifiedHost)
            #expect(answer == "")
        }
    }

    @Test func `HTTP/2 is chosen by ALPN, and plain requests go on beside it`() async throws {
        let directory = self.folder.path
        let certificates = try CertificateStore(.development(DevelopmentAuthority(directory: directory)))
        let responder = ClosureResponder { _, info, _ in
            .reply(EdgeResponse(status: 200, body: .bytes(Array("\(info.isTLS) \(info.version.rawValue)".utf8))))
        }
        try await withListener(responder, certificates: certificates) { listener in
            let tls = try self.client(trusting: directory + "/ca.pem", protocols: ["h2", "http/1.1"])
            let client = try await HTTP2TestClient.connect(port: listener.port, tls: tls)
            let answer = try await client.request()
            #expect(answer.text == "true HTTP/2", "\(answer)")
            await client.close()
            let plain = try #require(
                try await RawClient.converse(port: listener.port, "GET / HTTP/1.0\r\n\r\n"))
            #expect(plain.hasSuffix("false HTTP/1.1"))
        }
    }

    @Test func `a megabyte passes through TLS in both directions`() async throws {
        let directory = self.folder.path
        let certificates = try CertificateStore(.development(DevelopmentAuthority(directory: directory)))
        try await withListener(certificates: certificates) { listener in
            let tls = try self.client(trusting: directory + "/ca.pem", protocols: ["h2"])
            let client = try await HTTP2TestClient.connect(port: listener.port, tls: tls)
            let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) }
            #expect(try await client.request("PUT", "/", body: body).body == body)
            await client.close()
        }
    }

    @Test func `without certificates a TLS greeting is closed, without plaintext a plain one`() async throws {
        try await withListener { listener in
            let answer = try await RawClient.connect(port: listener.port, sending: "\u{16}\u{3}\u{1}").receiveAll()
            #expect(answer == "")
        }
        let certificates = try CertificateStore(
            .development(DevelopmentAuthority(directory: self.folder.path)))
        try await withListener(certificates: certificates, allowsPlaintext: false) { listener in
            let answer = try await RawClient.converse(port: listener.port, "GET / HTTP/1.0\r\n\r\n")
            #expect(answer?.hasPrefix("HTTP/1.1 400 Bad Request\r\n") == true)
            #expect(answer?.hasSuffix("\r\n\r\nThis port speaks TLS only: use https://.\n") == true)
            #expect(answer?.contains("Content-Length: 41\r\n") == true)
            #expect(answer?.contains("x-brume-refused: this port speaks TLS only\r\n") == true)
            #expect(listener.metrics.requestsRefused == 1)
            #expect(try await RawClient.converse(port: listener.port, "\u{0}GET / HTTP/1.0\r\n\r\n") == "")
        }
    }

    @Test func `the authority stays, and the server's certificate is made anew for other names or when it expires`()
        throws
    {
        let directory = self.folder.path
        let clock = ManualClock()
        func prepare(_ names: [String]) throws -> (ca: String, server: String) {
            _ = try CertificateStore(
                .development(DevelopmentAuthority(directory: directory, names: names, clock: clock)))
            return (self.text(directory + "/ca.pem"), self.text(directory + "/server.pem"))
        }
        let first = try prepare([])
        #expect(first.ca.hasPrefix("-----BEGIN CERTIFICATE-----"))
        #expect(try prepare([]) == first)
        let renamed = try prepare(["brume.test"])
        #expect(renamed.ca == first.ca)
        #expect(renamed.server != first.server)
        let day: Int64 = 24 * 3_600 * 1_000
        clock.advance(milliseconds: 300 * day)
        #expect(try prepare(["brume.test"]) == renamed)
        clock.advance(milliseconds: 70 * day)
        let renewed = try prepare(["brume.test"])
        #expect(renewed.ca == first.ca)
        #expect(renewed.server != renamed.server)
        clock.advance(milliseconds: 3_000 * day)
        #expect(try prepare(["brume.test"]).ca != first.ca)
    }

    @Test func `a start that was killed between the authority's key and its certificate is no end`() throws {
        let directory = self.folder.path
        let authority = DevelopmentAuthority(directory: directory)
        _ = try CertificateStore(.development(authority))
        let (first, key) = (self.text(directory + "/ca.pem"), self.text(directory + "/ca.key"))
        _ = unsafe unlink(directory + "/ca.pem")
        _ = try CertificateStore(.development(authority))
        #expect(self.text(directory + "/ca.pem") != first)
        #expect(self.text(directory + "/ca.key") != key)
        // The other way round a key is lost.
        _ = unsafe unlink(directory + "/ca.key")
        let path = directory + "/ca.pem"
        #expect(throws: CertificateError.invalid(path: path, reason: "its key, ca.key, is not beside it")) {
            _ = try CertificateStore(.development(authority))
        }
    }

    @Test func `a damaged authority is told, not replaced`() throws {
        let directory = self.folder.path
        let authority = DevelopmentAuthority(directory: directory)
        _ = try CertificateStore(.development(authority))
        self.write("nonsense", to: directory + "/ca.pem")
        #expect(throws: CertificateError.self) { _ = try CertificateStore(.development(authority)) }
        #expect(self.text(directory + "/ca.pem") == "nonsense")
    }

    @Test func `certificate files of the user are taken, and again on reload; a broken one keeps the old`() async throws
    {
        let directory = self.folder.path
        _ = try CertificateStore(.development(DevelopmentAuthority(directory: directory)))
        let certificates = try CertificateStore(
            .files(certificatePath: directory + "/server.pem", keyPath: directory + "/server.key"))
        try await withListener(host: Self.uncertifiedHost, certificates: certificates) { listener in
            let tls = try self.client(trusting: directory + "/ca.pem", protocols: [])
            func isReachable(_ name: String) async -> Bool {
                let answer = try? await self.get(
                    port: listener.port, tls: tls, name: name, host: Self.uncertifiedHost)
                return answer?.hasPrefix("HTTP/1.1 200 OK\r\n") == true
            }
            #expect(await isReachable("localhost"))
            #expect(await !isReachable("later.test"))
            _ = try CertificateStore(.development(DevelopmentAuthority(directory: directory, names: ["later.test"])))
            #expect(await !isReachable("later.test"))
            try certificates.reload()
            #expect(await isReachable("later.test"))
            self.write("nonsense", to: directory + "/server.pem")
            #expect(throws: CertificateError.self) { try certificates.reload() }
            #expect(await isReachable("later.test"))
        }
    }

    @Test func `a certificate may be made while the server already listens`() async throws {
        let directory = self.folder.path
        let certificates = CertificateStore(preparing: .development(DevelopmentAuthority(directory: directory)))
        try await withListener(certificates: certificates) { listener in
            // Without waiting first: the client brings no trust along, only its greeting, and hears the server's.
            let client = try await RawClient.connect(port: listener.port)
            try await client.send(Self.clientHello())
            let answer = await client.receive { !$0.isEmpty }
            #expect(answer?.first == 0x16)
            client.close()
            try await certificates.whenReady()
            let tls = try self.client(trusting: directory + "/ca.pem", protocols: [])
            let text = try await self.get(port: listener.port, tls: tls, name: "localhost")
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func `without a certificate to come, TLS is closed and the reason told`() async throws {
        let path = self.folder.path + "/none.pem"
        let certificates = CertificateStore(preparing: .files(certificatePath: path, keyPath: path))
        try await withListener(certificates: certificates) { listener in
            let client = try await RawClient.connect(port: listener.port)
            try await client.send(Self.clientHello())
            #expect(await client.receiveAll() == "")
            let error = CertificateError.unreadable(path: path, reason: "No such file or directory")
            await #expect(throws: error) { try await certificates.whenReady() }
        }
    }

    /// What a client says first.
    private static func clientHello() throws -> [UInt8] {
        let channel = EmbeddedChannel()
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: "a.b"))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let bytes = try channel.readOutbound(as: ByteBuffer.self)
        return bytes.map { Array($0.readableBytesView) } ?? []
    }

    @Test func `missing files are named`() {
        let path = self.folder.path + "/none.pem"
        #expect(throws: CertificateError.unreadable(path: path, reason: "No such file or directory")) {
            _ = try CertificateStore(.files(certificatePath: path, keyPath: path))
        }
    }
}
