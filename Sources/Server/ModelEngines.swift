package import Inference
internal import Primitives
internal import Telemetry

/// The models of a server and the host that runs them, assembled from the configuration.
package struct ModelEngines: Sendable {
    /// Its `run` unloads idle models.
    let host: ModelHost
    /// The models of the data directory.
    let registry: RegistryView
    let facts: EngineFactsCache
    /// The cache of embeddings.
    let embeddings: EmbeddingCache
    private let directory: EngineDirectory

    /// Ends every engine, and removes their sockets and files.
    func stop() async {
        await self.host.stop()
        self.directory.remove()
    }

    /// The environment variable with the bearer key for remote model servers.
    static let apiKeyVariable = "BRUME_MODEL_API_KEY"

    /// The file in which `brume engine use` stores its choice.
    package static func choiceFile(_ configuration: Configuration) -> String {
        "\(configuration.dataDirectory)/engine"
    }

    /// The directory in which `brume engine build` works and keeps its builds.
    package static func buildDirectory(_ configuration: Configuration) -> String {
        "\(configuration.dataDirectory)/engines"
    }

    /// The engine that a server of this configuration would start; nil where there is none.
    package static func program(_ configuration: Configuration) -> EngineProgram? {
        EngineProgram.find(
            setting: configuration.engine, choiceFile: self.choiceFile(configuration),
            searchPath: ProcessEnvironment.variables["PATH"] ?? "")
    }

    /// The configured models, then those of the registry.
    private static func source(_ configuration: Configuration, _ registry: RegistryView) -> any ModelSource {
        let registered = RegistryModels(registry) { (record, paths) throws(InferenceError) in
            var model = try await RegistryModels.onProcessor(record, paths)
            model.launch.slots = configuration.modelSlots
            if record.kind == .chat { Self.setContext(&model, configuration) }
            model.launch.gpuLayers = configuration.modelGPULayers
            return model
        }
        return ModelSources([PinnedModels(self.listed(configuration), registry), registered])
    }

    /// Sets the requested context; the plan reduces it to what the model was trained for.
    private static func setContext(_ model: inout LocalModel, _ configuration: Configuration) {
        model.launch.slotContextTokens = configuration.modelContextTokens ?? Int(Admission.contextDefault)
        model.isContextDefault = configuration.modelContextTokens == nil
    }

    private static func listed(_ configuration: Configuration) -> ListedModels {
        var places: [String: ModelPlace] = [:]
        let key = ProcessEnvironment.variables[self.apiKeyVariable]
        for model in configuration.bedrockModels {
            guard !model.place.hasPrefix("/") else {
                var local = LocalModel(
                    name: model.name,
                    launch: EngineLaunch(
                        modelPath: model.place, alias: model.name, slots: configuration.modelSlots,
                        gpuLayers: configuration.modelGPULayers))
                self.setContext(&local, configuration)
                self.setPurpose(of: &local)
                places[model.name] = .local(local)
                continue
            }
            let servers = model.place.split(separator: "|").map { place in
                let parts = place.split(separator: "#", maxSplits: 1).map(String.init)
                return ExternalModel.Server(url: parts[0], remoteName: parts.count > 1 ? parts[1] : model.name)
            }
            places[model.name] = .external(ExternalModel(name: model.name, servers: servers, apiKey: key))
        }
        return ListedModels(places)
    }

    /// A file that does not exist yet is assumed to be a chat model; its engine will report what it finds.
    private static func setPurpose(of model: inout LocalModel) {
        guard let file = try? GGUFFile.open(model.launch.modelPath) else { return }
        model.launch.purpose = file.role.purpose
        guard model.launch.purpose != .chat else { return }
        model.isContextDefault = false
        model.launch.slotContextTokens = min(
            EngineLaunch.textTokensMax,
            file.trainedContext.map { Int(clamping: $0) } ?? model.launch.slotContextTokens)
    }

    /// Opens the model host, and ends engines that an earlier server left behind.
    /// - Parameters:
    ///   - configuration: names the engine and the limits.
    ///   - random: for the ids of tool calls.
    ///   - log: told about models that are loaded, unloaded and lost.
    ///   - clock: of the log.
    /// - Returns: the models; none is loaded yet.
    /// - Throws: when there is no directory for the engines' sockets.
    static func open(
        _ configuration: Configuration, random: any RandomSource, log: any LogSink, clock: any WallClock
    ) throws(StartError) -> ModelEngines {
        let note = { @Sendable (sentence: String) in
            log.write(LogRecord(time: clock.now(), level: .info, message: sentence))
        }
        let directory: EngineDirectory
        do throws(ProcessStartError) {
            directory = try EngineDirectory(
                dataDirectory: configuration.dataDirectory, parent: ProcessEnvironment.variables["XDG_RUNTIME_DIR"])
        } catch {
            throw StartError(
                .other,
                "there is no directory for the sockets of engines: \(error.sentence). Name one with XDG_RUNTIME_DIR")
        }
        for processID in directory.endLeftovers() + directory.removeAbandoned() {
            note("an engine that an earlier server left (process \(processID)) was ended")
        }
        let paths = DataDirectory(path: configuration.dataDirectory)
        let registry = RegistryView(ModelRegistry(directory: paths.models))
        let embeddings = EmbeddingCache(bytesMax: configuration.embeddingCacheMegabytes << 20)
        let launcher = ProcessLauncher(
            directory: directory, logDirectory: paths.logs, guardCommand: ["/proc/self/exe", "engine-guard"],
            random: random, embeddings: embeddings, sharesPrompts: configuration.sharesPrompts, note: note,
            program: { Self.program(configuration) })
        var limits = ModelHost.Limits()
        limits.loadedCountMax = configuration.modelsLoadedMax
        limits.keepAliveSeconds = configuration.modelKeepAliveSeconds
        limits.holdSeconds = configuration.modelHoldSeconds
        let facts = EngineFactsCache()
        var settings = MachinePlanner.Settings()
        settings.profile = configuration.gpuProfile
        settings.deviceShare = configuration.gpuMemory
        settings.hostShare = configuration.hostMemory
        let planner = MachinePlanner(settings: settings, engine: facts) { Self.program(configuration) }
        let host = ModelHost(
            source: self.source(configuration, registry), launcher: launcher, planner: planner, limits: limits,
            note: note)
        return ModelEngines(
            host: host, registry: registry, facts: facts, embeddings: embeddings, directory: directory)
    }
}
