import Foundation
import Primitives
import Server
import ServiceKit
import TestSupport
import Testing

@Suite struct ClientEnvironmentTests {
    private let folder = ScratchFolder()

    private func variables(
        _ configuration: Configuration? = nil, key: String? = nil, region: String? = nil, usesPlaintext: Bool = false
    ) throws -> [String] {
        try ClientEnvironment.variables(
            configuration ?? self.folder.configuration, accessKeyID: key, region: region, usesPlaintext: usesPlaintext
        ).map { "\($0.name)=\($0.value)" }
    }

    private func create(_ id: String, user: String? = nil) throws {
        _ = try KeyStore(self.folder.configuration).create(
            accessKeyID: id, secretAccessKey: "secret-of-\(id)", account: "000000000000", userName: user)
    }

    @Test func `an SDK finds the endpoint, the root key, the region and the certificate`() throws {
        try self.create("USER", user: "ana")
        try self.create("ROOT")
        #expect(
            try self.variables() == [
                "AWS_ENDPOINT_URL=https://localhost:4566", "AWS_ACCESS_KEY_ID=ROOT",
                "AWS_SECRET_ACCESS_KEY=secret-of-ROOT", "AWS_DEFAULT_REGION=us-east-1", "AWS_REGION=us-east-1",
                "AWS_DISABLE_HOST_PREFIX_INJECTION=true", "AWS_EC2_METADATA_DISABLED=true",
                "AWS_CA_BUNDLE=\(self.folder.path)/tls/ca.pem",
            ])
    }

    @Test func `plain HTTP and a certificate of one's own need no bundle`() throws {
        try self.create("ROOT")
        let plain = try self.variables(usesPlaintext: true)
        #expect(plain.first == "AWS_ENDPOINT_URL=http://localhost:4566")
        #expect(!plain.contains { $0.hasPrefix("AWS_CA_BUNDLE") })
        var configuration = self.folder.configuration
        (configuration.tlsCertificate, configuration.tlsKey) = ("c.pem", "k.pem")
        #expect(try !self.variables(configuration).contains { $0.hasPrefix("AWS_CA_BUNDLE") })
    }

    @Test func `another key and region may be asked for`() throws {
        try self.create("ROOT")
        try self.create("USER", user: "ana")
        var configuration = self.folder.configuration
        configuration.region = "eu-west-3"
        let variables = try self.variables(configuration, key: "USER")
        #expect(variables.contains("AWS_SECRET_ACCESS_KEY=secret-of-USER"))
        #expect(variables.contains("AWS_REGION=eu-west-3"))
        #expect(variables.contains("AWS_DEFAULT_REGION=eu-west-3"))
    }

    @Test func `port and region are the running server's, and the configured ones where none runs`() throws {
        try self.create("ROOT")
        var address = ServerAddress(
            processID: ProcessEnvironment.processID, port: 50_123, host: "127.0.0.1", version: "0.1.0",
            region: "eu-west-3")
        try self.folder.write("server", address.text)
        let running = try self.variables()
        #expect(running.first == "AWS_ENDPOINT_URL=https://localhost:50123")
        #expect(running.contains("AWS_REGION=eu-west-3"))
        #expect(running.contains("AWS_DEFAULT_REGION=eu-west-3"))
        #expect(try self.variables(region: "eu-north-1").contains("AWS_REGION=eu-north-1"))
        #expect(throws: StartError.self) { try self.variables(region: "Oslo") }
        // No process has that id: the file was left by one that was killed.
        address.processID = .max
        try self.folder.write("server", address.text)
        let configured = try self.variables()
        #expect(configured.first == "AWS_ENDPOINT_URL=https://localhost:4566")
        #expect(configured.contains("AWS_REGION=us-east-1"))
    }

    @Test func `scheme and certificate are the running server's, whatever flags it was started with`() throws {
        try self.create("ROOT")
        var running = ServerAddress(
            processID: ProcessEnvironment.processID, port: 50_123, host: "127.0.0.1", version: "0.1.0",
            region: "us-east-1", answersPlaintext: false)
        try self.folder.write("server", running.text)
        #expect(try !self.variables().contains { $0.hasPrefix("AWS_CA_BUNDLE") })
        let refused = #expect(throws: StartError.self) { try self.variables(usesPlaintext: true) }
        #expect(refused?.sentence == "the server answers TLS only: omit --plaintext")
        running.authorityPath = "/elsewhere/tls/ca.pem"
        try self.folder.write("server", running.text)
        #expect(try self.variables().contains("AWS_CA_BUNDLE=/elsewhere/tls/ca.pem"))
    }

    @Test func `a server that localhost does not lead to is called by what it listens on`() throws {
        try self.create("ROOT")
        var configuration = self.folder.configuration
        configuration.hosts = ["10.1.2.3"]
        #expect(try self.variables(configuration).first == "AWS_ENDPOINT_URL=https://10.1.2.3:4566")
        let running = ServerAddress(
            processID: ProcessEnvironment.processID, port: 50_123, host: "fd00::1", version: "0.1.0",
            region: "us-east-1")
        try self.folder.write("server", running.text)
        #expect(try self.variables(configuration).first == "AWS_ENDPOINT_URL=https://[fd00::1]:50123")
    }

    @Test func `nothing is made where there is nothing yet`() throws {
        #expect(throws: StartError.self) { try self.variables() }
        #expect(try KeyStore.existing(self.folder.configuration) == nil)
        #expect(self.folder.names.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: self.folder.path))
    }

    @Test func `a key that is not there is told with the remedy`() throws {
        let none = #expect(throws: StartError.self) { try self.variables() }
        #expect(
            none?.sentence == "there is no root key in \(self.folder.path) yet: run `brume start`, which creates it")
        try self.create("USER", user: "ana")
        #expect(throws: StartError.self) { try self.variables() }
        let unknown = #expect(throws: StartError.self) { try self.variables(key: "NOPE") }
        #expect(unknown?.sentence == "there is no access key NOPE; `brume keys list` lists the keys")
        #expect(unknown?.reason == .noSource)
    }
}
