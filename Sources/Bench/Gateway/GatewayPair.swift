internal import Foundation

/// A gateway and the process behind it, which is also asked directly, at its own public port and with the same keys.
struct GatewayPair {
    /// The two ways to the same service.
    enum Way: CaseIterable {
        case direct
        case through

        var itemName: String { "GetItem \(self.words)" }
        var streamName: String { "ConverseStream \(self.words)" }
        var uploadName: String { "8 MB upload \(self.words)" }

        private var words: String {
            switch self {
            case .direct: "direct"
            case .through: "through gateway"
            }
        }
    }

    /// The words that `brume.echo` repeats, one in each event. Near the limit of its answers, so that the figure is the
    /// rate of a stream; `GetItem` measures the cost of its beginning.
    private static let streamedWords = 4000
    private static let uploadBytes = 8_000_000
    private static let pollMicroseconds: UInt32 = 20_000

    private let targets: [Way: WireBench.Target]

    /// Starts both and waits until the gateway's answers come from behind it.
    /// - Parameters:
    ///   - name: for the names of the processes.
    ///   - folder: for keys and data.
    ///   - core: of both; see `Pinning.onCore`.
    /// - Throws: where one does not start, or does not answer.
    init(name: String, folder: TemporaryFolder, core: Int?) throws {
        let key = "\(folder.path)/\(name).key"
        try (0..<32).map { _ in String(format: "%02x", UInt8.random(in: .min ... .max)) }.joined()
            .write(toFile: key, atomically: true, encoding: .utf8)
        guard unsafe chmod(key, 0o600) == 0 else { throw BenchError.system("chmod", errno) }
        let (gatewayPort, nodePort) = try (LoopbackSocket.freePort(), LoopbackSocket.freePort())
        func start(_ role: String, internalPort: UInt16, _ options: [String]) throws -> WireBench.Target {
            try WireBench.startServer(
                folder, core: core, name: "\(role)-\(name)",
                options: ["--cluster-key-file", key, "--internal-listen", "127.0.0.1:\(internalPort)"] + options)
        }
        let gateway = try start(
            "gateway", internalPort: gatewayPort,
            [
                "--services", "sts", "--upstream",
                "dynamodb=http://127.0.0.1:\(nodePort),bedrock=http://127.0.0.1:\(nodePort)",
            ])
        let node = try start(
            "node", internalPort: nodePort,
            ["--services", "dynamodb,bedrock", "--identity-url", "http://127.0.0.1:\(gatewayPort)"])
        self.targets = [.direct: node, .through: gateway]
        try self.waitUntilAnswered()
    }

    /// GetItem by both ways; CPU is that of the process that receives the request: the service or the gateway.
    func itemMeasurements(_ counts: [Int], loadCore: Int?) throws -> [any Measurement] {
        guard let through = self.targets[.through] else { return [] }
        try WireBench.prepare(port: through.port)
        return try self.measurements(counts, loadCore: loadCore, \.itemName, Scenario.getItem.answerPart) {
            try Scenario.getItem.requests(port: $0)
        }
    }

    /// Long answers by both ways.
    func streamMeasurements(_ counts: [Int]) throws -> [any Measurement] {
        try self.measurements(counts, loadCore: nil, \.streamName, "messageStop", Self.streamed)
    }

    /// Long bodies by both ways: blanks that the service reads over, so that nearly all is transport, hash and frames.
    func uploadMeasurements(_ counts: [Int]) throws -> [any Measurement] {
        try self.measurements(counts, loadCore: nil, \.uploadName, "TableNames") { port in
            let body = "{" + String(repeating: " ", count: Self.uploadBytes - 2) + "}"
            return try SignedRequests("ListTables", bodies: [body], port: port)
        }
    }

    private func measurements(
        _ counts: [Int], loadCore: Int?, _ name: (Way) -> String, _ answerPart: String,
        _ requests: (_ port: UInt16) throws -> SignedRequests
    ) throws -> [any Measurement] {
        var measurements: [any Measurement] = []
        for count in counts {
            for way in Way.allCases {
                guard let target = self.targets[way] else { continue }
                let requests = try requests(target.port)
                try Self.check(requests, answerPart, target)
                measurements.append(
                    WireMeasurement(
                        name: name(way), requests: requests, process: target.process, loadCore: loadCore,
                        generator: LoadGenerator(
                            port: target.port, cpuClock: target.process.cpuClock, connectionCount: count,
                            hasOwnCore: loadCore != nil)))
            }
        }
        return measurements
    }

    private static func streamed(port: UInt16) throws -> SignedRequests {
        let text = (0..<self.streamedWords).map { "word\($0)" }.joined(separator: " ")
        return try SignedRequests(
            "ConverseStream",
            bodies: [#"{"messages":[{"role":"user","content":[{"text":"\#(text)"}]}]}"#], port: port,
            form: .init(
                service: "bedrock", path: "/model/brume.echo/converse-stream", contentType: "application/json"))
    }

    /// A status alone would also be 200 for an item that is missing.
    private static func check(_ requests: SignedRequests, _ part: String, _ target: WireBench.Target) throws {
        for request in try requests.current().prefix(1) {
            let answer = try String(decoding: LoadConnection(port: target.port).exchange(request), as: UTF8.self)
            guard answer.contains(part) else {
                throw BenchError("a wrong answer to \(requests.operation) of \(target.process.name):\n\(answer)")
            }
        }
    }

    /// The node takes requests of its own once it has the gateway's keys, the gateway once it has found the node.
    private func waitUntilAnswered() throws {
        let deadline = monotonicNanoseconds() + Int64(ServerProcess.startSecondsMax * 1e9)
        for way in Way.allCases {
            guard let target = self.targets[way] else { continue }
            let requests = try SignedRequests("ListTables", bodies: ["{}"], port: target.port)
            while true {
                do {
                    try Self.check(requests, "TableNames", target)
                    break
                } catch {
                    guard monotonicNanoseconds() < deadline else { throw error }
                    usleep(Self.pollMicroseconds)
                }
            }
        }
    }
}
