import Containers
import ServiceModel
import Synchronization
import Testing
import Upstream
import WireProtocols

/// Answers as an engine would, from a table; the real one is asked in the acceptance tests.
private final class TableEngine: EngineTransport {
    let version: String
    let answers: [String: (Int, String)]
    let requests = Mutex<[EngineRequest]>([])

    init(version: String = "1.41", _ answers: [String: (Int, String)] = [:]) {
        self.version = version
        self.answers = answers
    }

    func send(_ request: EngineRequest) async throws(ContainerEngineError) -> any EngineReply {
        self.requests.withLock { $0.append(request) }
        let path = request.target.split(separator: "?")[0].replacing("/v1.41", with: "")
        let (status, text) = self.answers["\(request.method) \(path)"] ?? (path == "/_ping" ? (200, "OK") : (404, "{}"))
        return ReplyBox(status: status, version: self.version, pieces: [Array(text.utf8)])
    }
}

/// What a monitor told.
private final class ToldChanges: Sendable {
    let all = Mutex<[ContainerEngineError?]>([])
}

/// A reply with its pieces.
private final class ReplyBox: EngineReply {
    let status: Int
    let version: String
    private let pieces: Mutex<[[UInt8]]>

    init(status: Int, version: String, pieces: [[UInt8]]) {
        self.status = status
        self.version = version
        self.pieces = Mutex(pieces)
    }

    func header(_ name: String) -> String? { name.lowercased() == "api-version" ? self.version : nil }
    func next() async throws(ContainerEngineError) -> [UInt8]? {
        self.pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
    func close() {}
}

@Suite struct ContainerDiscoveryTests {
    private static let list = #"""
        [{"Id":"a","Names":["/one"],"State":"running","Labels":{"role":"tables"},
          "NetworkSettings":{"Networks":{"edge":{"IPAddress":"10.0.1.2"},"back":{"IPAddress":"10.0.2.2"}}}},
         {"Id":"b","Names":["/two"],"State":"running",
          "NetworkSettings":{"Networks":{"back":{"IPAddress":"","GlobalIPv6Address":"fd00::7"}}}},
         {"Id":"c","Names":["/host"],"State":"running","NetworkSettings":{"Networks":{"host":{"IPAddress":""}}}}]
        """#

    private func found(_ place: String, isTLS: Bool = false, _ engine: TableEngine) async throws -> DiscoveryUpdate? {
        let selection = try #require(ContainerDiscovery.Selection(place))
        let discovery = ContainerDiscovery(selection, isTLS: isTLS) { () async throws(ContainerEngineError) in
            try await ContainerEngine(engine)
        }
        var iterator = discovery.makeAsyncIterator()
        return await iterator.next()
    }

    private func places(_ update: DiscoveryUpdate?) -> [String] {
        guard case .endpoints(let set)? = update else { return [] }
        return set.endpoints.map(\.endpoint.description)
    }

    @Test func `running containers with a label are endpoints, each at one address`() async throws {
        let engine = TableEngine(["GET /containers/json": (200, Self.list)])
        let update = try await self.found("role=tables:4567", engine)
        #expect(self.places(update) == ["http://10.0.2.2:4567", "http://[fd00::7]:4567"])
        let target = engine.requests.withLock { $0.last?.target ?? "" }
        #expect(target.contains(#"%22label%22%3A%5B%22role%3Dtables%22%5D"#))
        #expect(target.contains("running"))
        #expect(self.places(try await self.found("role:1@edge", engine)) == ["http://10.0.1.2:1"])
        guard case .endpoints(let set)? = try await self.found("role:1@edge", isTLS: true, engine) else {
            Issue.record("nothing was found")
            return
        }
        #expect(set.endpoints.map(\.endpoint.serverName) == ["one"])
    }

    @Test func `an engine that refuses is told of`() async throws {
        let update = try await self.found("role:1", TableEngine(["GET /containers/json": (500, #"{"message":"no"}"#)]))
        #expect(update == .failed("the container engine refused: no"))
    }

    @Test(arguments: ["{}", "", "null", #"{"message":"ok"}"#])
    func `an answer that is no list says nothing of the nodes`(_ text: String) async throws {
        let engine = TableEngine(["GET /containers/json": (200, text)])
        let sentence = "the container engine's answer cannot be read: it is no list of containers"
        #expect(try await self.found("role:1", engine) == .failed(sentence))
        await #expect(throws: ContainerEngineError.malformed("it is no list of containers")) {
            _ = try await ContainerEngine(engine).list()
        }
    }

    @Test(arguments: ["", "role", "role:", ":1", "role:0", "role:65536", "role:1@", "a b:1"])
    func `what names no containers is none`(_ text: String) {
        #expect(ContainerDiscovery.Selection(text) == nil)
    }
}

@Suite struct ContainerEngineTests {
    @Test(arguments: [("1.41", "1.41"), ("1.44", "1.44"), ("1.99", "1.52"), ("2.0", "1.52")] as [(String, String)])
    func `the newest version that both speak is used`(theirs: String, used: String) throws {
        #expect(try EngineVersion.negotiated(theirs: theirs).description == used)
    }

    @Test(arguments: ["1.40", "0.9", "", "1", "1.x", "1.41.2", "-1.50"])
    func `an engine that is too old, or says no version, is refused`(theirs: String) {
        #expect(throws: ContainerEngineError.version(theirs: theirs)) {
            try EngineVersion.negotiated(theirs: theirs)
        }
    }

    @Test func `what is not Brume's is looked at and never changed`() async throws {
        let foreign = #"{"Id":"f1","Name":"/web","State":{"Status":"running"},"Config":{"Labels":{}},"HostConfig":{}}"#
        let transport = TableEngine(["GET /containers/web/json": (200, foreign)])
        let engine = try await ContainerEngine(transport)
        #expect(try await engine.inspect("web").state == "running")
        let refusal = ContainerEngineError.notManaged("web")
        await #expect(throws: refusal) { try await engine.stop("web") }
        await #expect(throws: refusal) { try await engine.start("web") }
        await #expect(throws: refusal) { try await engine.restart("web") }
        await #expect(throws: refusal) { try await engine.remove("web") }
        await #expect(throws: refusal) { _ = try await engine.limit("web", ContainerLimits(processes: 1)) }
        await #expect(throws: refusal) { try await engine.upload(TarArchive(), to: "/", of: "web") }
        #expect(transport.requests.withLock { $0.allSatisfy { $0.method == "GET" } })
    }

    @Test func `limits go to the engine with swap that gives nothing on top`() async throws {
        let ours = #"{"Id":"b1","Name":"/node","Config":{"Labels":{"dev.brume.managed":"true"}},"HostConfig":{}}"#
        let transport = TableEngine([
            "GET /containers/node/json": (200, ours),
            "POST /containers/b1/update": (200, #"{"Warnings":["no swap"]}"#),
        ])
        let engine = try await ContainerEngine(transport)
        let warnings = try await engine.limit("node", ContainerLimits(memoryBytes: 64 << 20, nanoCPUs: 500_000_000))
        #expect(warnings == ["no swap"])
        let sent = transport.requests.withLock { $0.last?.body }.flatMap { Document(json: $0) }
        #expect(sent == Document(json: Array(#"{"Memory":67108864,"MemorySwap":67108864,"NanoCpus":500000000}"#.utf8)))
    }

    @Test func `an engine that changes no limits says so by an unknown address`() async throws {
        let ours = #"{"Id":"b1","Name":"/node","Config":{"Labels":{"dev.brume.managed":"true"}},"HostConfig":{}}"#
        let transport = TableEngine([
            "GET /containers/node/json": (200, ours), "POST /containers/b1/update": (404, "Not Found"),
        ])
        let engine = try await ContainerEngine(transport)
        let error = await #expect(throws: ContainerEngineError.self) {
            try await engine.limit("node", ContainerLimits(processes: 1))
        }
        #expect(error?.sentence.contains("changes no limits") == true)
    }

    @Test func `an engine without control groups is told to limit and make nothing`() async throws {
        let ours = #"{"Id":"b1","Name":"/node","Config":{"Labels":{"dev.brume.managed":"true"}},"HostConfig":{}}"#
        let transport = TableEngine([
            "GET /containers/node/json": (200, ours), "GET /info": (200, #"{"CgroupDriver":"none"}"#),
            "POST /containers/create": (201, #"{"Id":"n1","Warnings":[]}"#),
            "POST /containers/b1/update": (500, #"{"message":"container could not join or create cgroup"}"#),
        ])
        let engine = try await ContainerEngine(transport)
        await #expect(throws: ContainerEngineError.noControlGroups) {
            try await engine.limit("node", ContainerLimits(processes: 1))
        }
        let request = ContainerRequest(
            name: "fn", image: "img", memoryBytes: 64 << 20, nanoCPUs: 1_000_000_000, processes: 50)
        await #expect(throws: ContainerEngineError.noControlGroups) { _ = try await engine.create(request) }
        #expect(transport.requests.withLock { $0.allSatisfy { $0.method == "GET" } })
    }

    @Test func `an engine without control groups has no figures of containers`() async throws {
        let list = #"[{"Id":"p1","Names":["/node"],"State":"running","Labels":{"dev.brume.managed":"true"}}]"#
        let monitor = ResourceMonitor(
            hostName: "here", reader: HostReader(disk: "/"), devices: { [] },
            engine: { () async throws(ContainerEngineError) in
                try await ContainerEngine(
                    TableEngine([
                        "GET /containers/json": (200, list), "GET /info": (200, #"{"CgroupDriver":"none"}"#),
                        "GET /containers/p1/stats": (200, #"{"memory_stats":{"usage":1,"limit":2}}"#),
                    ]))
            }, record: { _ in })
        await monitor.measure(seconds: 1)
        #expect(monitor.snapshot.containerFailure == .noControlGroups && monitor.snapshot.containers.isEmpty)
    }

    @Test func `without a comparison of the engine's own the last sample is compared with`() async throws {
        let list = #"[{"Id":"p1","Names":["/node"],"State":"running","Labels":{"dev.brume.managed":"true"}}]"#
        let samples = [1_000, 1_500].map { used in
            #"{"cpu_stats":{"cpu_usage":{"total_usage":\#(used)},"system_cpu_usage":9,"online_cpus":2},"#
                + #""precpu_stats":{"cpu_usage":{"total_usage":0}},"memory_stats":{"usage":5,"limit":10}}"#
        }
        let asked = Mutex(0)
        let monitor = ResourceMonitor(
            hostName: "here", reader: HostReader(disk: "/"), devices: { [] },
            engine: { () async throws(ContainerEngineError) in
                let sample = asked.withLock { count in
                    count += 1
                    return samples[count - 1]
                }
                return try await ContainerEngine(
                    TableEngine(["GET /containers/json": (200, list), "GET /containers/p1/stats": (200, sample)]))
            }, record: { _ in })
        await monitor.measure(seconds: 0)
        #expect(monitor.snapshot.containers.map(\.statistics.cpuPercent) == [nil])
        await monitor.measure(seconds: 1)
        let share = try #require(monitor.snapshot.containers.first?.statistics.cpuPercent)
        #expect(share > 0)
    }

    @Test func `figures below zero are none`() async throws {
        let sample = #"{"memory_stats":{"usage":5,"limit":-1},"networks":{"eth0":{"rx_bytes":-5,"tx_bytes":7}}}"#
        let engine = try await ContainerEngine(TableEngine(["GET /containers/p1/stats": (200, sample)]))
        let statistics = try #require(try await engine.statistics("p1"))
        #expect(statistics.memoryBytes == 5 && statistics.memoryLimitBytes == 0 && statistics.memoryPercent == 0)
        #expect(statistics.networkReceivedBytes == 0 && statistics.networkSentBytes == 7)
    }

    @Test func `what keeps containers from being measured is told once, and when it is over`() async throws {
        let failure = ContainerEngineError.unreachable(socket: "/s", reason: "there is no socket")
        let asked = Mutex(0)
        let told = ToldChanges()
        let monitor = ResourceMonitor(
            hostName: "here", reader: HostReader(disk: "/"), devices: { [] },
            engine: { () async throws(ContainerEngineError) in
                let count = asked.withLock { count in
                    count += 1
                    return count
                }
                if count < 3 { throw failure }
                return try await ContainerEngine(TableEngine(["GET /containers/json": (200, "[]")]))
            }, record: { _ in })
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await monitor.run(pauseSeconds: 0.001) { change in told.all.withLock { $0.append(change) } }
            }
            while asked.withLock({ $0 }) < 5 { await Task.yield() }
            group.cancelAll()
        }
        #expect(told.all.withLock { $0 } == [failure, nil])
    }

    @Test func `the engine's refusals are told in its words, and an unknown container by its name`() async throws {
        let transport = TableEngine([
            "GET /containers/x/json": (404, #"{"message":"No such container: x"}"#),
            "GET /containers/y/json": (500, #"{"message":"disk"}"#),
            "GET /containers/z/json": (200, "[]"),
        ])
        let engine = try await ContainerEngine(transport)
        await #expect(throws: ContainerEngineError.noSuchContainer("x")) { try await engine.inspect("x") }
        await #expect(throws: ContainerEngineError.refused(status: 500, message: "disk")) {
            try await engine.inspect("y")
        }
        await #expect(throws: ContainerEngineError.malformed("a container without an id")) {
            try await engine.inspect("z")
        }
    }

    @Test func `a container that is made can reach nothing of the host`() async throws {
        let transport = TableEngine(["POST /containers/create": (201, #"{"Id":"n1"}"#)])
        let engine = try await ContainerEngine(transport)
        let request = ContainerRequest(
            name: "fn", image: "img", memoryBytes: 64 << 20, nanoCPUs: 1_000_000_000, processes: 50,
            ports: [8080: 8081], temporaryDirectories: ["/tmp"], volumes: ["/data"])
        #expect(try await engine.create(request) == "n1")
        let sent = try #require(transport.requests.withLock { $0.last?.body }.flatMap { Document(json: $0) })
        let host = try #require(sent["HostConfig"])
        #expect(host["Privileged"] == .boolean(false))
        #expect(host["CapDrop"] == .array([.string("ALL")]))
        #expect(host["ReadonlyRootfs"] == .boolean(true))
        #expect(host["NetworkMode"]?.text == "none")
        #expect(host["Binds"] == nil && host["Mounts"] == nil && host["PidMode"] == nil && host["Devices"] == nil)
        #expect(host["PortBindings"]?["8080/tcp"]?.elements.first?["HostIp"]?.text == "127.0.0.1")
        // A volume of the engine's own, with no place of the host behind it.
        #expect(sent["Volumes"] == .object([.init("/data", .object([:]))]))
        #expect(sent["User"]?.text == "65532:65532")
        #expect(sent["Labels"]?["dev.brume.managed"]?.text == "true")
    }

    @Test func `a container without limits, as root or on the host's network is not made`() async throws {
        let engine = try await ContainerEngine(TableEngine())
        let good = ContainerRequest(
            name: "fn", image: "img", memoryBytes: 64 << 20, nanoCPUs: 1_000_000_000, processes: 50)
        let changes: [(inout ContainerRequest) -> Void] = [
            { $0.memoryBytes = 0 }, { $0.nanoCPUs = 0 }, { $0.processes = 0 }, { $0.user = 0 },
            { $0.network = "host" }, { $0.network = "container:x" }, { $0.name = "../x" }, { $0.image = "" },
            { $0.ports = [0: 1] }, { $0.ports = [80: 0] }, { $0.ports = [80: 65_536] },
            { $0.temporaryDirectories = ["/a/../b"] },
            { $0.volumes = ["/etc:/etc"] }, { $0.volumes = ["data"] },
        ]
        for change in changes {
            var request = good
            change(&request)
            await #expect(throws: ContainerEngineError.self) { try await engine.create(request) }
        }
    }

    @Test(
        arguments: [
            ("512m", 512 << 20), ("2g", 2 << 30), ("1.5GiB", 3 << 29), ("8388608", 8 << 20), ("5m", nil), ("x", nil),
            ("-1g", nil), ("1e3g", nil), ("inf", nil), ("nan", nil), ("", nil),
        ] as [(String, Int64?)])
    func `memory is told as Docker takes it`(text: String, bytes: Int64?) {
        #expect(ContainerLimits.memory(text) == bytes)
    }

    @Test func `a socket is looked for where the user said, then where Docker and Podman have theirs`() throws {
        let environment = ["XDG_RUNTIME_DIR": "/run/user/1000"]
        #expect(EngineSocket.candidates(setting: "/a", environment: ["DOCKER_HOST": "unix:///b"]) == ["/a"])
        #expect(EngineSocket.candidates(setting: nil, environment: ["DOCKER_HOST": "unix:///b"]) == ["/b"])
        #expect(EngineSocket.candidates(setting: nil, environment: ["DOCKER_HOST": "tcp://h:1"]).isEmpty)
        let found = try EngineSocket.find(setting: nil, environment: environment) { $0.contains("podman") }
        #expect(found == "/run/user/1000/podman/podman.sock")
        #expect(throws: ContainerEngineError.self) {
            try EngineSocket.find(setting: nil, environment: environment) { _ in false }
        }
    }
}
