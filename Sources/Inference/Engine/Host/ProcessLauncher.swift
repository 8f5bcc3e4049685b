package import Primitives
internal import Synchronization

/// Starts `llama-server` as a child process behind a guard, one process for each model.
package struct ProcessLauncher: EngineLauncher {
    /// The timeout for loading a model: sufficient for 40 GB from a slow disk.
    package static let loadSecondsMax = 900
    /// The maximum polling interval for readiness; the first polls are more frequent.
    static let pollMillisecondsMax = 200
    /// The timeout of a health check; after it the check is repeated, since the engine may be busy.
    static let healthSecondsMax = 5
    /// The timeout for capability queries to one of several servers: the others serve meanwhile.
    static let questionSecondsMax = 20
    private static let failedAssertion = ByteSearch("GGML_ASSERT")
    private static let abort = ByteSearch("GGML_ABORT")

    private let program: @Sendable () -> EngineProgram?
    private let directory: EngineDirectory
    private let logDirectory: String?
    private let guardCommand: [String]
    private let random: any RandomSource
    private let embeddings: EmbeddingCache?
    private let sharesPrompts: Bool
    private let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - directory: the directory for sockets.
    ///   - logDirectory: the directory of the engines' log files, one for each model; nil: no files.
    ///   - guardCommand: the command that runs `EngineGuard.run`, such as `/proc/self/exe engine-guard`.
    ///   - random: for the ids of tool calls.
    ///   - embeddings: a cache of computed embeddings; nil disables caching.
    ///   - sharesPrompts: whether a request may reuse the prompt cache of another caller.
    ///   - note: called with a log message when one of several servers fails.
    ///   - program: called at every start, so that an engine installed meanwhile is found.
    package init(
        directory: EngineDirectory, logDirectory: String?, guardCommand: [String], random: any RandomSource,
        embeddings: EmbeddingCache? = nil, sharesPrompts: Bool = true,
        note: @escaping @Sendable (String) -> Void = { _ in },
        program: @escaping @Sendable () -> EngineProgram?
    ) {
        self.program = program
        self.directory = directory
        self.logDirectory = logDirectory
        self.guardCommand = guardCommand
        self.random = random
        self.embeddings = embeddings
        self.sharesPrompts = sharesPrompts
        self.note = note
    }

    package func start(
        _ place: ModelPlace, onEnd: @escaping @Sendable (String) -> Void
    ) async throws(InferenceError) -> RunningEngine {
        switch place {
        case .local(let model): return try await self.start(model, onEnd)
        case .external(let model): return try await self.connect(model)
        }
    }

    private func connect(_ model: ExternalModel) async throws(InferenceError) -> RunningEngine {
        var servers: [ReplicaPool.Server] = []
        for server in model.servers {
            guard let endpoint = EngineEndpoint(url: server.url, apiKey: model.apiKey) else {
                throw .failed("\(server.url) is not the address of a server")
            }
            let seconds = model.servers.count > 1 ? Self.questionSecondsMax : EngineClient.silenceSecondsMax
            servers.append(
                ReplicaPool.Server(endpoint) { () throws(InferenceError) in
                    try await self.connect(endpoint, server.remoteName, slots: model.slots, silenceSeconds: seconds)
                })
        }
        guard servers.count > 1 else {
            guard let server = servers.first else { throw .failed("the model has no server") }
            return try await server.connect()
        }
        let pool = ReplicaPool(servers, slots: model.slots, note: self.note)
        try await pool.open()
        // Cancelled by the engine's `stop`.
        let looking = Task { await pool.run() }
        var engine = RunningEngine(model: pool, slots: model.slots * servers.count) { looking.cancel() }
        engine.embedder = pool
        engine.reranker = pool
        return engine
    }

    /// Queries a server's capabilities, with the given timeout for each answer.
    private func connect(
        _ endpoint: EngineEndpoint, _ name: String, slots: Int, silenceSeconds: Int
    ) async throws(InferenceError) -> RunningEngine {
        let capabilities = try await EngineCapabilities(
            asking: self.client(endpoint, silenceSeconds: silenceSeconds), model: name)
        let chat = LlamaServerModel(
            client: try self.client(endpoint), name: name, capabilities: capabilities, random: self.random,
            caching: self.sharesPrompts ? .shared : .off)
        var engine = RunningEngine(model: chat, slots: slots) {}
        engine.embedder = LlamaEmbedder(chat, tokensMax: nil, identity: nil, cache: nil)
        engine.reranker = LlamaReranker(chat, tokensMax: nil, givesProbabilities: true)
        return engine
    }

    private func client(
        _ endpoint: EngineEndpoint, silenceSeconds: Int = EngineClient.silenceSecondsMax,
        preparesConnections: Bool = false
    ) throws(InferenceError) -> EngineClient {
        do throws(EngineClientError) {
            return try EngineClient(
                endpoint, silenceSeconds: silenceSeconds, preparesConnections: preparesConnections)
        } catch {
            throw InferenceError(error)
        }
    }

    private func start(
        _ model: LocalModel, _ onEnd: @escaping @Sendable (String) -> Void
    ) async throws(InferenceError) -> RunningEngine {
        guard let program = self.program() else { throw .noEngine(EngineProgram.remedy) }
        guard program.isThere else { throw .noEngine(program.absence) }
        guard EngineFiles.isFile(model.launch.modelPath) else {
            throw .notLoaded("the file \(model.launch.modelPath) is not there")
        }
        var launch = model.launch
        launch.readFile()
        // The engine's prompt cache beside its slots is not separated by caller.
        if !self.sharesPrompts { launch.promptCacheMegabytes = 0 }
        let (socket, record) = self.directory.next()
        let log = EngineLog(path: self.logDirectory.map { "\($0)/engine-\(Self.fileName(model.name)).log" })
        let words = launch.arguments(socket: socket, physicalCores: ProcessorFacts.physicalCoreCount)
        let memory = MemoryLog()
        let process: EngineProcess
        do throws(ProcessStartError) {
            process = try EngineProcess.start(
                self.guardCommand + ["--nice", String(launch.niceness), record, "--"] + program.command + words,
                onLines: { lines in
                    log.append(lines)
                    memory.read(lines)
                },
                // After a failed assertion the engine prints a stack trace, and may hang then (measured).
                isLast: { $0.contains(Self.failedAssertion) || $0.contains(Self.abort) },
                onEnd: { end in
                    // If the guard itself was killed, the engine may still run.
                    EngineRecord(path: record)?.end()
                    EngineFiles.remove(record)
                    EngineFiles.remove(socket)
                    log.append(end: "\(end)")
                    onEnd(log.lastWord)
                })
        } catch {
            throw .notLoaded(error.sentence)
        }
        let client = try self.client(EngineEndpoint(address: .unix(path: socket)), preparesConnections: true)
        do throws(InferenceError) {
            try await self.awaitReady(process, client, log)
            var capabilities = try await EngineCapabilities(asking: client, model: model.launch.alias)
            // Optional: the engine has loaded the file, even if it cannot be parsed here.
            capabilities.tokenInkBytesMax = (try? GGUFFile.open(model.launch.modelPath))?.tokenInkBytesMax
            let chat = LlamaServerModel(
                client: client, name: model.launch.alias, capabilities: capabilities, random: self.random,
                caching: self.sharesPrompts ? .shared : .byCaller(SlotOwners(slots: launch.slots)))
            var engine = RunningEngine(
                model: chat, slots: launch.slots, processID: process.processID,
                memory: memory.end()
            ) { await Self.stop(process) }
            process.gatherOutput()
            engine.identity = EngineIdentity.text(model, launch, program, build: capabilities.build)
            self.addVectors(to: &engine, chat, launch)
            return engine
        } catch {
            await Self.stop(process)
            throw error
        }
    }

    /// Adds the interfaces of an engine for embeddings or reranking.
    private func addVectors(to engine: inout RunningEngine, _ server: LlamaServerModel, _ launch: EngineLaunch) {
        switch launch.purpose {
        case .chat: break
        case .embeddings:
            engine.embedder = LlamaEmbedder(
                server, tokensMax: launch.slotContextTokens, identity: engine.identity, cache: self.embeddings)
            // Requests are combined into batches before they reach the engine.
            engine.slots = EmbeddingBatcher.textCountMax
        case .reranking:
            engine.reranker = LlamaReranker(
                server, tokensMax: launch.slotContextTokens, givesProbabilities: launch.givesProbabilities)
        }
    }

    /// At first connections are refused, then the answer is 503 while the weights are loaded, then 200.
    private func awaitReady(
        _ process: EngineProcess, _ client: EngineClient, _ log: EngineLog
    ) async throws(InferenceError) {
        let asking = try self.client(client.endpoint, silenceSeconds: Self.healthSecondsMax)
        let deadline = ContinuousClock.now + .seconds(Self.loadSecondsMax)
        var pauseMilliseconds = 5
        while ContinuousClock.now < deadline {
            guard !process.hasEnded else { throw .notLoaded("the engine did not load the model: \(log.lastWord)") }
            do throws(EngineClientError) {
                if try await asking.ask("GET", "/health").status == 200 { return }
            } catch {
                if error == .cancelled { throw InferenceError(error) }
            }
            // Cancellation is detected by the next health check.
            try? await Task.sleep(for: .milliseconds(pauseMilliseconds))
            pauseMilliseconds = min(pauseMilliseconds * 2, Self.pollMillisecondsMax)
        }
        throw .notLoaded("the model was not loaded within \(Self.loadSecondsMax) seconds")
    }

    /// SIGTERM by the guard, then SIGKILL by the guard, then SIGKILL for the guard itself.
    private static func stop(_ process: EngineProcess) async {
        process.letGo()
        let bound = Duration.milliseconds(EngineGuard.graceMilliseconds + 2000)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await process.end() }
            group.addTask {
                // Cancelled once the process has ended.
                guard (try? await Task.sleep(for: bound)) != nil else { return }
                process.killGroup()
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// A model's name as part of a file name.
    private static func fileName(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" }.prefix(100))
    }
}

/// The buffers that an engine logs until it is ready.
private final class MemoryLog: Sendable {
    private struct State {
        var memory = EngineMemory()
        var hasEnded = false
    }

    private let state = Mutex(State())

    func read(_ lines: OutputLines) {
        self.state.withLock { state in
            guard !state.hasEnded else { return }
            for line in lines.texts { state.memory.read(line) }
        }
    }

    /// What was logged; later lines are ignored.
    func end() -> EngineMemory {
        self.state.withLock { state in
            state.hasEnded = true
            return state.memory
        }
    }
}
