import Server
import TestSupport
import Testing

/// What a process is told of its own work and of that of others.
@Suite struct RoleSettingsTests {
    private let folder = ScratchFolder()

    private func load(_ flags: [String: String]) throws -> ClusterConfiguration {
        let flags = flags.merging(["data-dir": self.folder.path]) { given, _ in given }
        return try ConfigurationLoader.load(
            flags: flags, environment: [:], file: nil, coreCount: 2, currentDirectory: "/"
        ).configuration.cluster
    }

    private func sentence(_ flags: [String: String]) -> String {
        let error = #expect(throws: ConfigurationError.self) { try self.load(flags) }
        return error?.sentence ?? ""
    }

    private static let key = ["cluster-key-file": "/key"]

    @Test func `alone a process runs every service`() throws {
        let cluster = try self.load([:])
        #expect(Role.allCases.allSatisfy(cluster.runs))
    }

    @Test func `a process runs what is named, under any name of the service`() throws {
        let cluster = try self.load(["services": "bedrock-runtime, sts"])
        #expect(cluster.roles == [.bedrock, .sts])
        #expect(!cluster.runs(.dynamodb))
        #expect(try self.load(["services": "none"]).roles == [])
        #expect(try self.load(["services": "all"]).roles == Set(Role.allCases))
    }

    @Test func `what an upstream runs is not run here, and may be in several places`() throws {
        let cluster = try self.load(
            Self.key.merging(["upstream": "bedrock=http://a:4567,bedrock=https://b,dynamodb=http://[::1]:1"]) { $1 })
        #expect(cluster.upstreams == [.bedrock: ["http://a:4567", "https://b"], .dynamodb: ["http://[::1]:1"]])
        #expect(!cluster.runs(.bedrock) && !cluster.runs(.dynamodb) && cluster.runs(.sts))
    }

    @Test(
        arguments: [
            "dns:tables:4567", "dns:tables.svc.cluster.local.:4567", "dns:tables:4567@127.0.0.1:8600",
            "srv:_brume._tcp.tables", "srv:tables@[::1]:53", "file:/etc/brume/tables", "file:///etc/brume/tables",
            "docker:role=tables:4567", "docker:com.example/x:1@internal", "https://tables",
        ])
    func `nodes are found in several ways`(_ place: String) throws {
        let cluster = try self.load(Self.key.merging(["upstream": "dynamodb=\(place)"]) { $1 })
        #expect(cluster.upstreams == [.dynamodb: [place]])
        #expect(cluster.upstreamRequestsMax == 1024)
    }

    @Test func `a service is named once before its addresses`() throws {
        let cluster = try self.load(
            Self.key.merging(["upstream": "bedrock=http://a:1,http://b:2,sts=http://c:3"]) { $1 })
        #expect(cluster.upstreams == [.bedrock: ["http://a:1", "http://b:2"], .sts: ["http://c:3"]])
    }

    @Test func `upstream is given several times, each for services of its own`() throws {
        let upstream = try #require(Setting.all.first { $0.name == "upstream" })
        #expect(try upstream.joined([]) == nil)
        let text = try upstream.joined(["dynamodb=http://a:1,http://b:2", "sts=dns:c:3", "bedrock=http://d:4"])
        let cluster = try self.load(Self.key.merging(["upstream": try #require(text)]) { $1 })
        #expect(
            cluster.upstreams == [
                .dynamodb: ["http://a:1", "http://b:2"], .sts: ["dns:c:3"], .bedrock: ["http://d:4"],
            ])
        let twice = #expect(throws: ConfigurationError.self) {
            try upstream.joined(["sts=http://a:1", "bedrock=http://b:2,sts=http://c:3"])
        }
        #expect(twice?.sentence.contains("--upstream is given twice for sts: name all of its nodes in one") == true)
        // An address belongs to the service before it in the same text.
        #expect(throws: ConfigurationError.self) { try upstream.joined(["sts=http://a:1", "http://b:2"]) }
    }

    @Test func `a flag that takes no list is given once, and the last one counts`() throws {
        let lists = Setting.all.filter(\.isList).map(\.name)
        #expect(
            lists
                == ["host", "tls-names", "cors-origins", "bedrock-aliases", "bedrock-models", "services", "upstream"])
        let port = try #require(Setting.all.first { $0.name == "port" })
        #expect(try port.joined(["1", "2"]) == "2")
        let models = try #require(Setting.all.first { $0.name == "bedrock-models" })
        #expect(try models.joined(["a=/a.gguf", "b=/b.gguf,c=/c.gguf"]) == "a=/a.gguf,b=/b.gguf,c=/c.gguf")
    }

    @Test func `how long nodes may take is said for all services, for one, or both`() throws {
        let standard = try self.load([:])
        #expect(Role.allCases.map { standard.upstreamConnect[$0] } == [2, 2, 2])
        #expect(Role.allCases.map { standard.upstreamFirstByte[$0] } == [60, 600, 60])
        #expect(Role.allCases.map { standard.upstreamIdle[$0] } == [300, 300, 300])
        #expect(Role.allCases.map { standard.upstreamTotal[$0] } == [600, 0, 600])
        let said = try self.load([
            "upstream-connect-seconds": "0.5", "upstream-first-byte-seconds": "20, bedrock-runtime=900",
            "upstream-idle-seconds": "sts=0", "upstream-total-seconds": "30",
        ])
        #expect(Role.allCases.map { said.upstreamConnect[$0] } == [0.5, 0.5, 0.5])
        #expect(Role.allCases.map { said.upstreamFirstByte[$0] } == [20, 900, 20])
        #expect(Role.allCases.map { said.upstreamIdle[$0] } == [300, 300, 0])
        // A number alone cuts no stream of a model.
        #expect(Role.allCases.map { said.upstreamTotal[$0] } == [30, 0, 30])
    }

    @Test func `the internal port is a host and a port`() throws {
        func listen(_ text: String) throws -> ClusterConfiguration.Address? {
            try self.load(Self.key.merging(["internal-listen": text]) { $1 }).internalListen
        }
        let all = try listen("0.0.0.0:4567")
        #expect(all?.host == "0.0.0.0" && all?.port == 4567)
        let loopback = try listen("[::1]:0")
        #expect(loopback?.host == "::1" && loopback?.port == 0)
        #expect(try listen("10.1.2.3:4566")?.port == 4566)
        for wrong in ["4567", "host:", ":4567", "host:65536"] {
            #expect(throws: ConfigurationError.self) { try listen(wrong) }
        }
    }

    @Test(
        arguments: [
            (["services": "s3"], "s3 is none of them"),
            (["services": "dynamodb,none"], "takes all or none alone"),
            (["services": "all,sts"], "takes all or none alone"),
            (["upstream": "sts=http://a"], "need cluster-key-file"),
            (["internal-listen": "a:1"], "need cluster-key-file"),
            (["identity-url": "http://a"], "need cluster-key-file"),
            (["upstream": "sts=http://a,sts=http://a"], "twice"),
            (["upstream": "sts=a:1"], "takes an address for sts"),
            (["upstream": "sts=dns:a"], "dns:name:port"),
            (["upstream": "sts=dns:a b:1"], "takes an address for sts"),
            (["upstream": "sts=dns:a:1@unix:/x"], "takes an address for sts"),
            (["upstream": "sts=srv:"], "takes an address for sts"),
            (["upstream": "sts=file:relative"], "takes an address for sts"),
            (["upstream": "sts=docker:4567"], "takes an address for sts"),
            (["upstream": "sts=docker:a:0"], "takes an address for sts"),
            (["upstream": "sts=docker:a:1@"], "takes an address for sts"),
            (["upstream": "sts=http://a,sts=dns:b:1"], "only addresses of sts may be several"),
            (["upstream": "sts=dns:b:1,http://a"], "only addresses of sts may be several"),
            (["upstream-requests-max": "0"], "1"),
            (["upstream-connect-seconds": "0"], "takes a number from 0.01 to 3600.0"),
            (["upstream-total-seconds": "s3=1"], "s3 is none of them"),
            (["upstream-idle-seconds": "bedrock=soon"], "takes a number from 0.0 to 86400.0"),
            (["upstream-first-byte-seconds": "-1"], "takes a number from 0.0 to 86400.0"),
            (["upstream": "http://a"], "takes service=http://node:4567"),
            (["services": "sts", "upstream": "sts=http://a", "cluster-key-file": "/key"], "runs either here or there"),
            (["internal-tls-cert": "/a", "internal-tls-key": "/b"], "go together"),
            (["internal-listen": "127.0.0.1:4566", "cluster-key-file": "/key"], "both 4566 on one address"),
            (["internal-listen": "0.0.0.0:4566", "cluster-key-file": "/key"], "both 4566 on one address"),
        ] as [([String: String], String)])
    func `what does not go together is refused with the remedy`(_ flags: [String: String], _ said: String) {
        #expect(self.sentence(flags).contains(said))
    }
}
