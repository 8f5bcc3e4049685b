internal import Foundation

/// One engine with one model, reached directly and through a Brume that knows it as a server elsewhere: both ways go to
/// the same process over the loopback. For the chunks' times both go to it by a relay that writes them down.
struct EngineBench {
    private static let modelName = "bench"
    /// The same model as Brume knows it by the relay.
    private static let relayedName = "relayed"
    /// Chunks are timed in every pair of so many: their times need no partner, and the relay takes time of its own.
    private static let pairsEachForward = 4
    private static let contextTokens = 1024
    /// Between two looks at whether something answers.
    private static let pollMicroseconds: UInt32 = 20_000

    private let name: String
    private let engine: ServerProcess
    private let brume: ServerProcess
    private let direct: TokenStream.Target
    private let through: TokenStream.Target
    private let relay: ChunkRelay
    private let relayed: (direct: TokenStream.Target, through: TokenStream.Target)
    private let seeds = SeedCounter()

    /// Starts both; the engine has a slot for each stream, so that nothing waits for a turn on either way.
    init(name: String, model: String, engine: String, slots: Int, folder: TemporaryFolder) throws {
        self.name = name
        let enginePort = try LoopbackSocket.freePort()
        self.engine = try ServerProcess(
            name: "engine-\(name)",
            command: [
                engine, "-m", model, "--host", "127.0.0.1", "--port", String(enginePort), "-c",
                String(Self.contextTokens * slots), "-np", String(slots), "-t", "1", "--threads-http",
                String(slots + 8), "--alias", Self.modelName,
            ],
            environment: ["HOME": folder.path, "PATH": "/usr/bin:/bin"], folder: folder, core: nil)
        let direct = TokenStream.Target(port: enginePort, headers: [], model: Self.modelName)
        self.relay = try ChunkRelay(enginePort: enginePort)
        let addresses = [Self.modelName: enginePort, Self.relayedName: self.relay.port].map { name, port in
            "\(name)=http://127.0.0.1:\(port)/v1#\(Self.modelName)"
        }
        let data = "\(folder.path)/data-\(name)"
        let environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
        self.brume = try ServerProcess(
            name: "brume-\(name)",
            command: [
                try Executable.server(), "start", "--port", "0", "--data-dir", data, "--bedrock-models",
                addresses.joined(separator: ","),
            ],
            environment: environment, folder: folder, core: nil)
        let line = try self.brume.line(after: "endpoint     localhost:")
        guard let port = UInt16(line.prefix { $0.isNumber }) else {
            throw BenchError("brume names no port:\n\(self.brume.output)")
        }
        let key = try Self.bearerKey(data, environment)
        self.direct = direct
        let headers = ["Authorization: Bearer \(key)"]
        self.through = TokenStream.Target(port: port, headers: headers, model: Self.modelName)
        self.relayed = (
            TokenStream.Target(port: self.relay.port, headers: [], model: Self.modelName),
            TokenStream.Target(port: port, headers: headers, model: Self.relayedName)
        )
        try Self.wait(for: direct, self.engine)
        for target in [self.through, self.relayed.through] { try Self.wait(for: target, self.brume) }
    }

    func stop() {
        Cleanup.shared.end(process: self.brume.processID)
        Cleanup.shared.end(process: self.engine.processID)
    }

    /// Samples both ways in turn; which comes first changes from pair to pair.
    func measure(streams: Int, pairs: Int, seconds: Double) throws -> PairedResult {
        var result = PairedResult(model: self.name, streams: streams)
        for pair in 0..<pairs {
            Progress.say("\(self.name), \(streams) at once, pair \(pair + 1) of \(pairs)")
            var samples: [StreamSample?] = [nil, nil]
            for index in pair.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                let clock = index == 0 ? nil : self.brume.cpuClock
                let target = index == 0 ? self.direct : self.through
                samples[index] = try StreamSample.take(target, streams: streams, seconds: seconds, cpuClock: clock)
            }
            if let direct = samples[0], let through = samples[1] { result.append(direct: direct, through: through) }
            guard pair.isMultiple(of: Self.pairsEachForward) else { continue }
            result.append(
                directWaits: try ForwardSample.take(
                    self.relayed.direct, self.relay, self.seeds, streams: streams, seconds: seconds),
                throughWaits: try ForwardSample.take(
                    self.relayed.through, self.relay, self.seeds, streams: streams, seconds: seconds))
        }
        return result
    }

    /// A bearer key of the running server, made by its own command.
    private static func bearerKey(_ data: String, _ environment: [String: String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Executable.server())
        process.arguments = ["keys", "create", "--bedrock", "--data-dir", data]
        process.environment = environment
        let output = Foundation.Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let key = text.split(separator: "=", maxSplits: 1).last.map({ $0.filter { !$0.isWhitespace } }),
            text.contains("AWS_BEARER_TOKEN_BEDROCK")
        else { throw BenchError("brume makes no bearer key: \(text)") }
        return key
    }

    /// Until an answer is whole: the engine has loaded, and Brume has asked it what it can do.
    private static func wait(for target: TokenStream.Target, _ process: ServerProcess) throws {
        let deadline = monotonicNanoseconds() + Int64(ServerProcess.startSecondsMax * 1e9)
        while true {
            do {
                _ = try TokenStream(target).answer()
                return
            } catch {
                guard monotonicNanoseconds() < deadline else {
                    throw BenchError("\(process.name) does not answer: \(error)\n\(process.output)")
                }
                usleep(self.pollMicroseconds)
            }
        }
    }
}
