package import Inference
internal import Primitives
internal import Telemetry

/// Puts the host of models together from the configuration.
package enum ModelEngines {
    /// The bearer key that is sent to servers elsewhere.
    static let apiKeyVariable = "BRUME_MODEL_API_KEY"

    /// Where `brume engine use` writes its choice.
    package static func choiceFile(_ configuration: Configuration) -> String {
        "\(configuration.dataDirectory)/engine"
    }

    /// The engine that a server of this configuration would start; nil where there is none.
    package static func program(_ configuration: Configuration) -> EngineProgram? {
        EngineProgram.find(
            setting: configuration.engine, choiceFile: self.choiceFile(configuration),
            searchPath: ProcessEnvironment.variables["PATH"] ?? "")
    }

    /// The models that the configuration names, then those of the registry.
    private static func source(_ configuration: Configuration, _ registry: RegistryView) -> any ModelSource {
        let registered = RegistryModels(registry) { (record, paths) throws(InferenceError) in
            var model = try await RegistryModels.onProcessor(record, paths)
            model.launch.slots = configuration.modelSlots
            if record.kind == .chat {
                let trained = record.facts.contextTokensMax ?? configuration.modelContextTokens
                model.launch.slotContextTokens = min(trained, configuration.modelContextTokens)
            }
            model.launch.gpuLayers = Self.gpuLayers(configuration)
            return model
        }
        return ModelSources([self.listed(configuration), registered])
    }

    private static func gpuLayers(_ configuration: Configuration) -> EngineLaunch.GPULayers {
        switch configuration.modelGPULayers {
        case 0: .none
        case Int.max: .all
        case let count: .count(count)
        }
    }

    private static func listed(_ configuration: Configuration) -> ListedModels {
        var places: [String: ModelPlace] = [:]
        let key = ProcessEnvironment.variables[self.apiKeyVariable]
        for model in configuration.bedrockModels {
            guard !model.place.hasPrefix("/") else {
                var launch = EngineLaunch(
                    modelPath: model.place, alias: model.name, slots: configuration.modelSlots,
                    slotContextTokens: configuration.modelContextTokens)
                launch.gpuLayers = self.gpuLayers(configuration)
                places[model.name] = .local(LocalModel(name: model.name, launch: launch))
                continue
            }
            let parts = model.place.split(separator: "#", maxSplits: 1).map(String.init)
            let remote = ExternalModel(
                name: model.name, url: parts[0], remoteName: parts.count > 1 ? parts[1] : model.name, apiKey: key)
            places[model.name] = .external(remote)
        }
        return ListedModels(places)
    }

    /// Puts the host together; engines that an earlier server left are ended.
    /// - Parameters:
    ///   - configuration: names the engine and the limits.
    ///   - random: for the ids of tool calls.
    ///   - log: is told of models that are loaded, unloaded and lost.
    ///   - clock: of the log.
    /// - Returns: the host, whose `run` unloads idle models and whose `stop` ends every engine; and the models of the
    ///   data directory.
    /// - Throws: where engines would have no place to listen.
    static func open(
        _ configuration: Configuration, random: any RandomSource, log: any LogSink, clock: any WallClock
    ) throws(StartError) -> (models: ModelHost, registry: RegistryView) {
        let note = { @Sendable (sentence: String) in
            log.write(LogRecord(time: clock.now(), level: .info, message: sentence))
        }
        let directory: EngineDirectory
        do throws(ProcessStartError) {
            directory = try EngineDirectory(
                dataDirectory: configuration.dataDirectory, parent: ProcessEnvironment.variables["XDG_RUNTIME_DIR"])
        } catch {
            throw StartError(.other, "engines have no place to listen: \(error.sentence)")
        }
        for processID in directory.endLeftovers() {
            note("an engine that an earlier server left (process \(processID)) was ended")
        }
        let paths = DataDirectory(path: configuration.dataDirectory)
        let registry = RegistryView(ModelRegistry(directory: paths.models))
        let launcher = ProcessLauncher(
            directory: directory, logDirectory: paths.logs, guardCommand: ["/proc/self/exe", "engine-guard"],
            random: random, program: { Self.program(configuration) })
        var limits = ModelHost.Limits()
        limits.loadedCountMax = configuration.modelsLoadedMax
        limits.keepAliveSeconds = configuration.modelKeepAliveSeconds
        limits.holdSeconds = configuration.modelHoldSeconds
        let host = ModelHost(
            source: self.source(configuration, registry), launcher: launcher, limits: limits, note: note)
        return (host, registry)
    }
}
