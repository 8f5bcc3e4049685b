import BedrockRuntimeService
import Gateway
import Inference
import Server
import TestSupport
import Testing

@Suite struct ConfigurationLoaderTests {
    private let folder = ScratchFolder()

    /// Loads with the test's folder as data directory, where the file may be.
    private func load(
        _ flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil, coreCount: Int = 2
    ) throws -> Configuration {
        var flags = flags
        if flags["data-dir"] == nil { flags["data-dir"] = self.folder.path }
        return try ConfigurationLoader.load(
            flags: flags, environment: environment, file: file, coreCount: coreCount, currentDirectory: "/srv/here"
        ).configuration
    }

    /// The sentence with which loading ends, the folder's path left out.
    private func sentence(
        _ flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
    ) -> String? {
        let error = #expect(throws: ConfigurationError.self) {
            try self.load(flags, environment: environment, file: file)
        }
        return error?.sentence.replacing(self.folder.path + "/", with: "")
    }

    // Where the data directory is when something is wrong

    /// The text is that of a file that is named; nil: none is.
    private func directory(
        _ text: String?, _ flags: [String: String] = [:], environment: [String: String] = [:]
    ) throws -> String? {
        if let text { try self.folder.write("named.yaml", text) }
        return ConfigurationLoader.dataDirectory(
            flags: flags, environment: environment.merging(["HOME": "/home/ana-absent"]) { given, _ in given },
            file: text.map { _ in "\(self.folder.path)/named.yaml" }, currentDirectory: "/srv/here")
    }

    @Test func `the data directory is known unless a mistake hides it`() throws {
        let variable = ["BRUME_DATA_DIR": "here"]
        #expect(try self.directory("port: [", ["data-dir": "/flag"], environment: variable) == "/flag")
        #expect(try self.directory("port: [", environment: variable) == "/srv/here/here")
        #expect(try self.directory("port: x\ndata-dir: ~/there") == "/home/ana-absent/there")
        #expect(try self.directory("port: x") == "/home/ana-absent/.brume")
        #expect(try self.directory("port: [") == nil)
        #expect(try self.directory("data-dir: [a, b]") == nil)
        #expect(try self.directory(nil) == "/home/ana-absent/.brume")
    }

    // Who wins

    @Test func `flags beat the environment, which beats the file, which beats the defaults`() throws {
        #expect(try self.load().port == 4566)
        try self.folder.write("config.yaml", "port: 1\nregion: eu-west-1\ndrain-seconds: 3\n")
        #expect(try self.load().port == 1)
        let environment = ["BRUME_PORT": "2", "BRUME_REGION": "eu-west-2"]
        #expect(try self.load(environment: environment).port == 2)
        let all = try self.load(["port": "3"], environment: environment)
        #expect(all.port == 3)
        #expect(all.region == "eu-west-2")
        #expect(all.drainSeconds == 3)
    }

    @Test func `nobody's word gives the defaults`() throws {
        var expected = Configuration()
        expected.dataDirectory = "/home/ana/.brume-absent/.brume"
        expected.loops = 4
        let loaded = try ConfigurationLoader.load(
            flags: [:], environment: ["HOME": "/home/ana/.brume-absent", "PATH": "x"], file: nil, coreCount: 4,
            currentDirectory: "/"
        ).configuration
        #expect(loaded == expected)
        #expect(loaded.hosts == ["127.0.0.1"])
        #expect(loaded.durability == .durable)
        #expect(loaded.allowsPlaintext && !loaded.acceptsAnyCredentials)
    }

    @Test(arguments: [(0, 1), (1, 1), (8, 8), (9, 8), (256, 8)])
    func `there is a loop a core, up to eight`(_ cores: Int, _ loops: Int) throws {
        #expect(try self.load(coreCount: cores).loops == loops)
    }

    @Test(arguments: [[:], ["HOME": ""]])
    func `a process without a home keeps its data in the system's place`(_ environment: [String: String]) throws {
        let loaded = try ConfigurationLoader.load(
            flags: [:], environment: environment, file: nil, coreCount: 1, currentDirectory: "/"
        ).configuration
        #expect(loaded.dataDirectory == "/var/lib/.brume")
    }

    @Test func `the file is in the data directory, or where flag or environment say`() throws {
        try self.folder.write("config.yaml", "port: 1")
        try self.folder.write("other.yaml", "port: 2")
        try self.folder.write("third.yaml", "port: 3")
        let environment = ["BRUME_CONFIG": self.folder.path + "/other.yaml"]
        #expect(try self.load().port == 1)
        #expect(try self.load(environment: environment).port == 2)
        #expect(try self.load(environment: environment, file: self.folder.path + "/third.yaml").port == 3)
        let fromEnvironment = try ConfigurationLoader.load(
            flags: [:], environment: ["BRUME_DATA_DIR": self.folder.path], file: nil, coreCount: 1,
            currentDirectory: "/"
        ).configuration
        #expect(fromEnvironment.port == 1)
    }

    @Test(arguments: ["", "# nothing\n", "---\n", "null\n", "~"])
    func `a file that says nothing changes nothing`(_ text: String) throws {
        try self.folder.write("config.yaml", text)
        #expect(try self.load().port == 4566)
    }

    @Test(arguments: [
        ("~", "/home/ana"), ("~/x", "/home/ana/x"), ("~bob/x", "/srv/here/~bob/x"), ("a/~", "/srv/here/a/~"),
        ("x", "/srv/here/x"), ("./x", "/srv/here/x"), ("../x", "/srv/here/../x"), (".", "/srv/here/"),
        ("/x", "/x"),
    ])
    func `a data directory is the home's or the current directory's where it is not absolute`(
        _ text: String, _ path: String
    ) throws {
        let home = ["HOME": "/home/ana"]
        #expect(try self.load(["data-dir": text], environment: home).dataDirectory == path)
        let environment = home.merging(["BRUME_DATA_DIR": text]) { $1 }
        let loaded = try ConfigurationLoader.load(
            flags: [:], environment: environment, file: nil, coreCount: 1, currentDirectory: "/srv/here"
        ).configuration
        #expect(loaded.dataDirectory == path)
    }

    @Test func `the home is found in every path, and in paths only`() throws {
        try self.folder.write("config.yaml", "tls-cert: ~/c.pem\ntls-key: ~/k.pem\nbedrock-aliases: ~/a=b\n")
        let loaded = try self.load(environment: ["HOME": "/home/ana"])
        #expect(loaded.tlsCertificate == "/home/ana/c.pem")
        #expect(loaded.tlsKey == "/home/ana/k.pem")
        #expect(loaded.bedrockAliases.map(\.pattern) == ["~/a"])
        try self.folder.write("other.yaml", "port: 7")
        let environment = ["HOME": self.folder.path, "BRUME_CONFIG": "~/other.yaml"]
        #expect(try self.load(environment: environment).port == 7)
        #expect(try self.load(environment: ["HOME": self.folder.path], file: "~/other.yaml").port == 7)
    }

    @Test func `every setting has one name in all three places`() throws {
        try self.folder.write("rules.json", #"{"rules": [{"reply": "hello"}]}"#)
        let values = [
            "port": "1", "host": "::1, 0.0.0.0", "data-dir": self.folder.path, "store": "postgres://a:b@c/d",
            "region": "eu-west-1", "loops": "3",
            "block-cache-mb": "5", "durability": "relaxed", "tls-cert": "c.pem", "tls-key": "k.pem",
            "tls-names": "a.example,b.example", "plaintext": "off", "compat": "localstack",
            "cors-origins": "local, https://a.example, http://b.test:*",
            "insecure-accept-any-credentials": "yes", "throttling": "false", "drain-seconds": "0",
            "table-metrics": "true",
            "bedrock-aliases": "a.*=brume.echo", "bedrock-rules": "\(self.folder.path)/rules.json",
            "bedrock-models": "a=/m/a.gguf, b=http://localhost:8000/v1#x", "engine": "/opt/llama-server",
            "model-slots": "2", "model-context-tokens": "4096", "model-gpu-layers": "all",
            "gpu-profile": "rtx3090", "gpu-memory": "80%", "host-memory": "6GiB",
            "model-keep-alive-seconds": "9", "models-loaded-max": "3", "model-hold-seconds": "8",
            "embedding-cache-megabytes": "7", "response-cache-megabytes": "11",
            "prompt-sharing": "false",
            "docker-socket": "/run/docker.sock", "resource-seconds": "0.5",
            "drain-delay-seconds": "6",
            "table-transition-milliseconds": "250",
            "ttl-sweep-seconds": "0.5", "stream-shard-seconds": "2",
        ]
        #expect(Set(values.keys) == Set(Setting.ofOneProcess.map(\.name)))
        var expected = Configuration()
        (expected.port, expected.hosts, expected.dataDirectory) = (1, ["::1", "0.0.0.0"], self.folder.path)
        (expected.region, expected.loops, expected.blockCacheMegabytes) = ("eu-west-1", 3, 5)
        (expected.durability, expected.tlsCertificate, expected.tlsKey) = (.relaxed, "c.pem", "k.pem")
        (expected.tlsNames, expected.allowsPlaintext) = (["a.example", "b.example"], false)
        (expected.compatibility, expected.acceptsAnyCredentials, expected.drainSeconds) = (.localstack, true, 0)
        expected.throttling = false
        expected.corsOrigins = try #require(AllowedOrigins(["local", "https://a.example", "http://b.test:*"]))
        expected.store = "postgres://a:b@c/d"
        expected.tellsTableMetrics = true
        expected.bedrockAliases = [.init(pattern: "a.*", model: "brume.echo")]
        expected.bedrockModels = [
            .init(name: "a", place: "/m/a.gguf"), .init(name: "b", place: "http://localhost:8000/v1#x"),
        ]
        expected.engine = "/opt/llama-server"
        (expected.modelSlots, expected.modelContextTokens, expected.modelGPULayers) = (2, 4096, .all)
        expected.gpuProfile = DeviceProfile.named("rtx3090")
        (expected.gpuMemory, expected.hostMemory) = (.part(0.8), .bytes(6 << 30))
        (expected.modelKeepAliveSeconds, expected.modelsLoadedMax, expected.modelHoldSeconds) = (9, 3, 8)
        (expected.embeddingCacheMegabytes, expected.responseCacheMegabytes) = (7, 11)
        expected.sharesPrompts = false
        (expected.dockerSocket, expected.resourceSeconds) = ("/run/docker.sock", 0.5)
        expected.drainDelaySeconds = 6
        expected.tableTransitionMilliseconds = 250
        (expected.ttlSweepSeconds, expected.streamShardSeconds) = (0.5, 2)
        expected.bedrockRules = try self.load(values).bedrockRules
        #expect(expected.bedrockRules.count == 1)
        #expect(try self.load(values) == expected)
        let environment = Dictionary(
            uniqueKeysWithValues: Setting.all.compactMap { setting in
                values[setting.name].map { (setting.environmentVariable, $0) }
            })
        #expect(environment["BRUME_INSECURE_ACCEPT_ANY_CREDENTIALS"] == "yes")
        #expect(try self.load(environment: environment) == expected)
        try self.folder.write("config.yaml", values.map { "\($0): \"\($1)\"\n" }.joined())
        #expect(try self.load() == expected)
    }

    @Test func `a store that is no address of a database is refused without its password`() {
        let error = #expect(throws: ConfigurationError.self) { try self.load(["store": "mysql://me:secret@db/x"]) }
        #expect(
            error?.sentence
                == "--store takes postgres://user@host:5432/database; it was \"mysql://***@db/x\"")
    }

    @Test(
        arguments: [
            ("postgres://me:secret@db:5432/x", "postgres://me:***@db:5432/x"),
            ("postgres://me@db/x", "postgres://me@db/x"),
            ("postgresql://me:p/s@s@db/x?sslmode=require", "postgresql://me:***@db/x?sslmode=require"),
            ("postgres:///x?host=%2Frun&password=secret&user=me", "postgres:///x?host=%2Frun&password=***&user=me"),
            ("postgres://db:5432/x?password=a", "postgres://db:5432/x?password=***"), ("/some/path", "/some/path"),
        ] as [(String, String)])
    func `an address is shown without its passwords`(_ address: String, _ shown: String) {
        #expect(StoreAddress.withoutPassword(address) == shown)
    }

    @Test func `a list may be written as one in the file`() throws {
        try self.folder.write("config.yaml", "host: [127.0.0.1, \"::1\"]\ntls-names:\n  - a.example\n  - b.example\n")
        let loaded = try self.load()
        #expect(loaded.hosts == ["127.0.0.1", "::1"])
        #expect(loaded.tlsNames == ["a.example", "b.example"])
    }

    @Test(arguments: ["a,b", "a, b", " a ,b ", "a  ,  b", "a,,b,", "a, ,b"])
    func `spaces around the names of a list and empty names do not count`(_ text: String) throws {
        #expect(try self.load(["host": text]).hosts == ["a", "b"])
    }

    @Test(arguments: [("on", true), ("TRUE", true), ("1", true), ("yes", true), ("Off", false), ("0", false)])
    func `truth is told in the usual words`(_ text: String, _ truth: Bool) throws {
        #expect(try self.load(["plaintext": text]).allowsPlaintext == truth)
    }

    // What is refused

    @Test(arguments: [
        ("port", "65536", "takes a whole number from 0 to 65535"),
        ("port", "-1", "takes a whole number from 0 to 65535"),
        ("port", "", "takes a whole number from 0 to 65535"), ("port", "4566 ", "takes a whole number from 0 to 65535"),
        ("port", "0x10", "takes a whole number from 0 to 65535"),
        ("loops", "0", "takes a whole number from 1 to 256"), ("loops", "257", "takes a whole number from 1 to 256"),
        ("block-cache-mb", "0", "takes a whole number from 1 to 1048576"),
        ("drain-seconds", "3601", "takes a whole number from 0 to 3600"), ("data-dir", "", "takes a text"),
        ("ttl-sweep-seconds", "0.09", "takes a number from 0.1 to 86400.0"),
        ("ttl-sweep-seconds", "nan", "takes a number from 0.1 to 86400.0"),
        ("ttl-sweep-seconds", "86401", "takes a number from 0.1 to 86400.0"),
        ("stream-shard-seconds", "0", "takes a whole number from 1 to 86400"),
        ("region", "", "takes 1 to 40 lower-case letters, digits and hyphens"),
        ("region", "EU West", "takes 1 to 40 lower-case letters, digits and hyphens"),
        ("durability", "Durable", "takes one of: durable, relaxed"),
        ("compat", "moto", "takes one of: none, localstack"),
        ("plaintext", "maybe", "takes true or false"),
        (
            "cors-origins", "app.example.com",
            "takes local, none, * or up to 256 origins such as https://app.example.com or http://dev.test:*, separated "
                + "by commas"
        ),
        ("host", "", "takes one or more names, separated by commas"),
        ("host", ", ,", "takes one or more names, separated by commas"),
        ("host", " ", "takes one or more names, separated by commas"),
    ])
    func `a value that cannot be is refused with its place, what was expected and what it was`(
        _ name: String, _ text: String, _ expected: String
    ) {
        #expect(self.sentence([name: text]) == "--\(name) \(expected); it was \"\(text)\"")
        let variable = "BRUME_" + name.uppercased().replacing("-", with: "_")
        // The flag names the data directory of these tests and wins over the variable, which is looked at all the same.
        #expect(
            self.sentence(environment: [variable: text])
                == "environment variable \(variable) \(expected); it was \"\(text)\"")
    }

    @Test(arguments: [
        ("[::1]", ["::1"]), ("fe80::1%eth0,10.1.2.3", ["fe80::1%eth0", "10.1.2.3"]),
        ("my_host,a.test.", ["my_host", "a.test."]),
    ])
    func `what to listen on is a name or an address`(_ text: String, _ hosts: [String]) throws {
        #expect(try self.load(["host": text]).hosts == hosts)
        for wrong in ["127.0.0.1:80", "[::1]:80", "http://a", "::1/64", "a b", "*"] {
            let sentence = self.sentence(["host": "\(text),\(wrong)"])
            let end = "127.0.0.1 or ::1, without scheme and port, separated by commas; \(wrong) is neither"
            #expect(sentence?.contains(end) == true)
        }
    }

    @Test(arguments: [
        "build-server.test", "gateway", "brume_gateway_1", "*.dev.test", "10.1.2.3", "fd00::1", "xn--bcher-kva.test",
    ])
    func `a name that a client can find in a certificate is taken`(_ name: String) throws {
        #expect(try self.load(["tls-names": "a.test, \(name)"]).tlsNames == ["a.test", name])
    }

    @Test(arguments: [
        "*", "a.*.test", "a/b", "https://a.test", "a.test:4566", "[::1]", "a..test", "a.test.", "10.1.2", "10.1.2.300",
        "bücher.test", "a b", String(repeating: "a", count: 64) + ".test",
    ])
    func `a name that no client finds in a certificate is refused`(_ name: String) {
        let sentence = self.sentence(["tls-names": "a.test,\(name)"])
        #expect(sentence?.hasPrefix("--tls-names takes names such as build-server.test or *.dev.test and") == true)
        #expect(sentence?.hasSuffix("; \(name) is neither; it was \"a.test,\(name)\"") == true)
    }

    @Test(arguments: [
        ("port: x", "config.yaml:1:1: `port` takes a whole number from 0 to 65535; it was \"x\""),
        ("\n  prot: 1", "config.yaml:2:3: there is no setting `prot`; did you mean `port`?"),
        ("Port: 1", "config.yaml:1:1: there is no setting `Port`; did you mean `port`?"),
        ("data_dir: /d", "config.yaml:1:1: there is no setting `data_dir`; did you mean `data-dir`?"),
        (
            "colour: blue",
            "config.yaml:1:1: there is no setting `colour`; `brume help start` lists the settings"
        ),
        (
            "[a]: 1",
            "config.yaml:1:1: there is no setting `?`; `brume help start` lists the settings"
        ),
        ("port: 1\nport: 2", "config.yaml:2:1: `port` is set twice"),
        ("port: {a: 1}", "config.yaml:1:7: expected a text, a number or a list of them"),
        ("host: [a, [b]]", "config.yaml:1:7: expected a text, a number or a list of them"),
        (
            "port: 1\n---\nport: 2",
            "config.yaml:2:1: this is not YAML: a second document begins, but only one is allowed"
        ),
        ("- port: 1", "config.yaml:1:1: the file must consist of `name: value` lines"),
        ("port", "config.yaml:1:1: the file must consist of `name: value` lines"),
    ])
    func `the file's mistakes are told with line and column`(_ text: String, _ sentence: String) throws {
        try self.folder.write("config.yaml", text)
        #expect(self.sentence() == sentence)
    }

    @Test func `a file of a setting that is not there is named once`() {
        #expect(
            self.sentence(["bedrock-rules": "/absent"])
                == "--bedrock-rules takes a file that can be read: there is no file /absent")
    }

    @Test func `a file of rules that is as large as a model is not read`() throws {
        try self.folder.write("rules.json", String(repeating: " ", count: 16 << 20) + #"{"rules": []}"#)
        let sentence = try #require(self.sentence(["bedrock-rules": self.folder.path + "/rules.json"]))
        #expect(sentence.contains("rules.json is larger than the 16777216 bytes that such a file has"))
    }

    @Test(arguments: ["port: [1", "a: b: c", "\tport: 1", "port: \"1", "%", "port: *nobody"])
    func `what is no YAML is told as that`(_ text: String) throws {
        try self.folder.write("config.yaml", text)
        let sentence = try #require(self.sentence())
        #expect(sentence.hasPrefix("config.yaml:"))
        #expect(sentence.contains("this is not YAML"))
    }

    /// LibYAML alone would take hours for them.
    @Test(.timeLimit(.minutes(1)), arguments: ["[", "{a: "])
    func `a file of brackets is refused where it nests too deep`(_ bracket: String) throws {
        try self.folder.write("config.yaml", String(repeating: bracket, count: 200_000))
        let sentence = try #require(self.sentence())
        let column = 16 * bracket.utf8.count + 1
        #expect(sentence.hasPrefix("config.yaml:1:\(column): this is not YAML: it is nested too deeply"))
    }

    @Test func `a file that was named must be there, and the standard one need not`() {
        let path = self.folder.path + "/absent.yaml"
        #expect(self.sentence(file: path) == "absent.yaml: there is no such file")
        #expect(self.sentence(environment: ["BRUME_CONFIG": path]) == "absent.yaml: there is no such file")
        #expect(throws: Never.self) { try self.load() }
    }

    @Test func `a directory, a large file or one that is no text is refused`() throws {
        try self.folder.write("large.yaml", String(repeating: "#", count: 1 << 20) + "\n")
        #expect(
            self.sentence(file: self.folder.path + "/large.yaml")?.hasSuffix(
                "large.yaml is larger than the 1048576 bytes that such a file has") == true)
        #expect(self.sentence(file: "/")?.contains("cannot read /") == true)
    }

    @Test(arguments: [
        ("BRUME_PROT", "did you mean BRUME_PORT?"), ("BRUME_", "unset it (`brume help start` lists the settings)"),
        ("BRUME_port", "did you mean BRUME_PORT?"), ("BRUME_DATA-DIR", "did you mean BRUME_DATA_DIR?"),
        ("BRUME_COLOUR", "unset it (`brume help start` lists the settings)"),
    ])
    func `a variable with our prefix that is no setting is refused`(_ name: String, _ remedy: String) {
        #expect(
            self.sentence(environment: [name: "1"])
                == "environment variable \(name): there is no such setting; \(remedy)")
    }

    @Test func `variables of others, and ours that are no settings, are let be`() throws {
        var environment = ["PATH": "x", "BRUMEPORT": "1", "brume_port": "1"]
        for name in ConfigurationLoader.otherVariables where name != "BRUME_CONFIG" { environment[name] = "x" }
        // Set for Compose in the same shell.
        environment["BRUME_BIND"] = "0.0.0.0"
        #expect(try self.load(environment: environment).port == 4566)
    }

    @Test(arguments: ["tls-cert", "tls-key"])
    func `certificate and key go together`(_ name: String) {
        #expect(self.sentence([name: "x.pem"]) == "tls-cert and tls-key go together: give both or neither")
    }
}
