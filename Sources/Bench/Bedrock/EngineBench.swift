internal import Foundation

/// One engine with one model, reached directly and through a Brume: both ways use the same process.
struct EngineBench {
    /// How Brume reaches the engine.
    enum Setup: String, CaseIterable {
        /// Brume knows the engine as a server elsewhere, by its port. Chunks are timed by a relay before the engine.
        case elsewhere
        /// Brume starts the engine and reaches it by its Unix socket, as with every imported model.
        case supervised
    }

    /// Where both ways go.
    struct Targets {
        var direct: TokenStream.Target
        var through: TokenStream.Target
    }

    static let modelName = "bench"
    /// The same model as Brume knows it by the relay.
    private static let relayedName = "relayed"
    /// Chunks are timed in every pair of so many: their times need no partner, and the relay takes time of its own.
    private static let pairsEachForward = 4
    private static let contextTokens = 1024
    /// Between two looks at whether something answers.
    static let pollMicroseconds: UInt32 = 20_000

    private let name: String
    /// nil where Brume ends the engine.
    private let engine: ServerProcess?
    private let brume: ServerProcess
    private let targets: Targets
    /// nil where chunks are not timed.
    private let relayed: (relay: ChunkRelay, targets: Targets)?
    private let seeds = SeedCounter()

    /// Starts both; the engine has a slot for each stream, so that no request waits for one.
    init(
        _ setup: Setup, name: String, model: String, engine: String, slots: Int, folder: TemporaryFolder
    ) throws {
        switch setup {
        case .elsewhere: try self.init(elsewhere: name, model, engine, slots, folder)
        case .supervised: try self.init(supervised: name, model, engine, slots, folder)
        }
    }

    private init(
        elsewhere name: String, _ model: String, _ engine: String, _ slots: Int, _ folder: TemporaryFolder
    ) throws {
        self.name = name
        let enginePort = try LoopbackSocket.freePort()
        let engine = try ServerProcess(
            name: "engine-\(name)",
            command: [
                engine, "-m", model, "--host", "127.0.0.1", "--port", String(enginePort), "-c",
                String(Self.contextTokens * slots), "-np", String(slots), "-t", "1", "--threads-http",
                String(slots + 8), "--alias", Self.modelName,
            ],
            environment: BenchedBrume.environment(folder), folder: folder, core: nil)
        self.engine = engine
        let relay = try ChunkRelay(enginePort: enginePort)
        let addresses = [Self.modelName: enginePort, Self.relayedName: relay.port].map { name, port in
            "\(name)=http://127.0.0.1:\(port)/v1#\(Self.modelName)"
        }
        let brume = try BenchedBrume(
            name: name, ["--bedrock-models", addresses.joined(separator: ",")], folder: folder)
        self.brume = brume.process
        func targets(_ enginePort: UInt16, _ knownAs: String) -> Targets {
            Targets(
                direct: TokenStream.Target(address: .port(enginePort), headers: [], model: Self.modelName),
                through: brume.target(model: knownAs))
        }
        self.targets = targets(enginePort, Self.modelName)
        self.relayed = (relay, targets(relay.port, Self.relayedName))
        try Self.wait(for: self.targets.direct, engine)
        try Self.wait(for: self.targets.through, self.brume)
        try Self.wait(for: targets(relay.port, Self.relayedName).through, self.brume)
    }

    private init(
        supervised name: String, _ model: String, _ engine: String, _ slots: Int, _ folder: TemporaryFolder
    ) throws {
        self.name = name
        self.engine = nil
        self.relayed = nil
        let brume = try BenchedBrume(
            name: name, ["--engine", engine, "--model-slots", String(slots), "--model-context-tokens", "4096"],
            importing: model, as: Self.modelName, folder: folder)
        self.brume = brume.process
        let through = brume.target(model: Self.modelName)
        // The first request loads the model.
        try Self.wait(for: through, brume.process)
        let socket = try brume.engineSocket()
        let direct = TokenStream.Target(address: .path(socket), headers: [], model: Self.modelName)
        self.targets = Targets(direct: direct, through: through)
        try Self.wait(for: direct, brume.process)
    }

    func stop() {
        Cleanup.shared.end(process: self.brume.processID)
        if let engine = self.engine { Cleanup.shared.end(process: engine.processID) }
    }

    /// Samples both ways in turn; which comes first changes from pair to pair.
    func measure(streams: Int, pairs: Int, seconds: Double) throws -> PairedResult {
        var result = PairedResult(model: self.name, streams: streams)
        for pair in 0..<pairs {
            Progress.say("\(self.name), \(streams) at once, pair \(pair + 1) of \(pairs)")
            var samples: [StreamSample?] = [nil, nil]
            for index in pair.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                let clock = index == 0 ? nil : self.brume.cpuClock
                let target = index == 0 ? self.targets.direct : self.targets.through
                samples[index] = try StreamSample.take(target, streams: streams, seconds: seconds, cpuClock: clock)
            }
            if let direct = samples[0], let through = samples[1] { result.append(direct: direct, through: through) }
            guard let (relay, targets) = self.relayed, pair.isMultiple(of: Self.pairsEachForward) else { continue }
            result.append(
                directWaits: try ForwardSample.take(
                    targets.direct, relay, self.seeds, streams: streams, seconds: seconds),
                throughWaits: try ForwardSample.take(
                    targets.through, relay, self.seeds, streams: streams, seconds: seconds))
        }
        return result
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
