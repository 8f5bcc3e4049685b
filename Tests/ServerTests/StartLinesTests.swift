import Server
import ServiceModel
import TestSupport
import Testing

@Suite struct StartLinesTests {
    private static let service = ServiceSchema(
        id: "dynamodb", signingName: "dynamodb", endpointPrefix: "dynamodb", targetPrefix: nil, apiVersion: "",
        protocols: [], operations: [], operationNames: ["A", "B"])

    private func lines(_ change: (inout Configuration) -> Void = { _ in }) -> [BrumeServer.StartLine] {
        var configuration = Configuration()
        configuration.dataDirectory = "/data"
        change(&configuration)
        return StartLines.lines(configuration, port: 4567, services: [Self.service], madeKey: nil)
    }

    private func line(_ name: String, _ change: (inout Configuration) -> Void = { _ in }) -> BrumeServer.StartLine? {
        self.lines(change).first { $0.text.hasPrefix(name + " ") }
    }

    @Test func `a server says where it is, what it serves and what is enforced, without a warning`() {
        let lines = self.lines()
        #expect(lines.first?.text == "brume \(BuildInformation.version)")
        #expect(self.line("endpoint")?.text == "endpoint     localhost:4567, http and https, listening on 127.0.0.1")
        #expect(self.line("data")?.text == "data         /data")
        #expect(self.line("store")?.text == "store        in the data directory")
        #expect(self.line("services")?.text == "services     dynamodb (0 of 2 operations)")
        #expect(self.line("signatures")?.text.contains("verified (SigV4)") == true)
        #expect(lines.last?.text == "next         eval \"$(brume env --data-dir /data)\"")
        #expect(!lines.contains { $0.isWarning })
    }

    @Test func `what is less safe than usual is a warning`() {
        let signatures = self.line("signatures") { $0.acceptsAnyCredentials = true }
        #expect(signatures?.isWarning == true)
        #expect(signatures?.text.contains("NOT VERIFIED: --insecure-accept-any-credentials is on") == true)
        let durability = self.line("durability") { $0.durability = .relaxed }
        #expect(durability?.isWarning == true)
        #expect(durability?.text.contains("RELAXED") == true)
        #expect(self.line("compat") { $0.compatibility = .localstack }?.isWarning == true)
        let compat = self.line("compat") { $0.compatibility = .localstack }?.text
        #expect(compat?.contains("unless you made the key test; no table's throughput") == true)
        let enforced = self.line("compat") { ($0.compatibility, $0.throttling) = (.localstack, true) }
        #expect(enforced?.text.contains("throughput") == false)
        #expect(self.line("compat") == nil)
    }

    @Test func `who waits for LocalStack's last line sees it`() {
        #expect(self.lines { $0.compatibility = .localstack }.last?.text == "Ready.")
        #expect(!self.lines().contains { $0.text == "Ready." })
    }

    @Test func `a model whose file is not there is a warning, and no other model`() throws {
        let folder = ScratchFolder()
        try folder.write("tiny.gguf", "GGUF")
        let change = { (configuration: inout Configuration) in
            configuration.bedrockModels = [
                .init(name: "tiny", place: "\(folder.path)/tiny.gguf"), .init(name: "gone", place: "/absent/gone.gguf"),
                .init(name: "far", place: "http://far:8000/v1"),
            ]
        }
        let warnings = self.lines(change).filter(\.isWarning).map(\.text)
        #expect(warnings.count == 1)
        #expect(warnings.first?.hasPrefix("model        gone HAS NO FILE: /absent/gone.gguf is not there") == true)
        #expect(warnings.first?.contains("correct bedrock-models") == true)
        // Where another process has the models, nothing is said of them here.
        let elsewhere = self.lines { configuration in
            change(&configuration)
            configuration.cluster.roles = [.sts]
        }
        #expect(!elsewhere.contains { $0.isWarning })
    }

    @Test func `what ties a process to others is a warning where there are none`() {
        let key = self.line("cluster") { $0.cluster.keyFile = "/key" }
        #expect(key?.isWarning == true)
        let start = "cluster      cluster-key-file HAS NO EFFECT: this process talks to no other. Set "
        #expect(key?.text.hasPrefix(start) == true)
        let certificate = self.line("cluster") { $0.cluster.tlsAuthority = "/ca.pem" }
        #expect(certificate?.text.contains(" internal-tls-* HAS NO EFFECT") == true)
        let used = self.line("cluster") { configuration in
            configuration.cluster.keyFile = "/key"
            configuration.cluster.identityURL = "http://gateway:4567"
        }
        #expect(used == nil)
    }

    @Test func `an engine that was named and is not there is a warning`() {
        let line = self.line("engine") { $0.engine = "/absent/llama-server" }
        #expect(line?.isWarning == true)
        let start = "engine       /absent/llama-server, named by the setting engine, IS NOT THERE"
        #expect(line?.text.hasPrefix(start) == true)
        #expect(self.line("engine") { $0.engine = "llama-server-of-mine" }?.isWarning == false)
    }

    @Test func `a process says nothing of a store and an engine that it does not have`() {
        let lines = self.lines {
            $0.cluster.roles = [.sts]
            $0.engine = "/absent/llama-server"
        }
        #expect(!lines.contains { ["store", "durability", "engine"].contains($0.text.prefix { $0 != " " }) })
        #expect(lines.contains { $0.text.hasPrefix("signatures ") })
    }

    @Test func `a server without plain HTTP says so, with every address`() {
        let line = self.line("endpoint") {
            $0.allowsPlaintext = false
            $0.hosts = ["127.0.0.1", "::1"]
        }
        #expect(line?.text == "endpoint     localhost:4567, https, listening on 127.0.0.1, ::1")
    }

    @Test func `a server that localhost does not lead to is called by what it listens on`() {
        for (hosts, name) in [
            (["10.1.2.3"], "10.1.2.3"), (["fd00::1", "10.1.2.3"], "[fd00::1]"),
            (["10.1.2.3", "127.0.0.1"], "localhost"), (["::"], "localhost"), (["build.test"], "build.test"),
        ] {
            let line = self.line("endpoint") { $0.hosts = hosts }
            #expect(line?.text.hasPrefix("endpoint     \(name):4567, http and https, ") == true)
        }
    }

    @Test(arguments: [
        ("/data/brume-1.0_x", "/data/brume-1.0_x"), ("/my data", "'/my data'"), ("/it's", "'/it'\\''s'"),
        ("/$(reboot)", "'/$(reboot)'"), ("/é", "'/é'"), ("~/x", "'~/x'"), ("/a;b", "'/a;b'"),
    ])
    func `the next command can be copied, whatever the directory is called`(_ directory: String, _ word: String) {
        let line = self.line("next") { $0.dataDirectory = directory }
        #expect(line?.text == "next         eval \"$(brume env --data-dir \(word))\"")
    }

    @Test func `a root key that was made is named, and its secret is not`() throws {
        let folder = ScratchFolder()
        let key = try #require(try KeyStore(folder.configuration).ensureKeys(root: nil, addsTestKeys: false))
        let lines = StartLines.lines(folder.configuration, port: 1, services: [], madeKey: key)
        let command = "brume env --data-dir \(folder.path)"
        let made = "root key     \(key.accessKeyID) created; show its secret with: \(command)"
        #expect(lines.contains { $0.text == made })
        #expect(lines.last?.text == "next         eval \"$(\(command))\"")
        #expect(!lines.contains { $0.text.contains(key.secretAccessKey) })
    }
}
