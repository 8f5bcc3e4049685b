internal import ArgumentParser
internal import Inference
internal import Server

/// `brume model`: the models of the data directory. A running server knows a change at once.
struct Model: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch, list and manage the models that answer Bedrock requests.",
        discussion: """
            Fetch a first model, and let it answer for Anthropic's model IDs:

              brume model pull qwen3-8b --alias 'anthropic.*'

            `brume model list --catalogue` lists the models that have a short name. A running server notices changes \
            at once.
            """,
        subcommands: [
            Pull.self, Import.self, List.self, Show.self, Plan.self, Remove.self, Alias.self, Load.self, Unload.self,
            Pin.self, Loaded.self, Probe.self,
        ],
        defaultSubcommand: List.self
    )
}

extension DirectoryOptions {
    /// The models of the data directory.
    func registry() throws -> ModelRegistry {
        ModelRegistry(directory: DataDirectory(path: try self.load().dataDirectory).models)
    }
}

extension ServerModels {
    private static let notice = "waiting for the server's answer; press Ctrl-C to stop"

    /// What a running server says of its models, or what stands on disk if there is none, or none that can be asked.
    static func asked(_ configuration: Configuration) async throws -> ServerModels {
        let models = try await WaitNotice.showing(self.notice) { await self.ask(configuration) }
        if let trouble = models.trouble { Terminal.error("brume: \(trouble); only what is on disk is known") }
        return models
    }

    /// Sends a request about a model to the running server, or exits with its error.
    /// - Parameters:
    ///   - what: the request, such as `models/load`.
    ///   - name: the model.
    ///   - configuration: names the data directory of the server.
    ///   - notice: what is said while it takes long.
    /// - Returns: the server's words.
    /// - Throws: the exit code, after the error has been printed.
    static func tell(
        _ what: String, _ name: String, _ configuration: Configuration, notice: String = Self.notice
    ) async throws -> String {
        let outcome = try await WaitNotice.showing(notice) { () async -> Result<ServerControl.Answer?, StartError> in
            do throws(StartError) {
                return .success(try await ServerControl.tell(what, name, configuration))
            } catch {
                return .failure(error)
            }
        }
        guard let answer = try orExit({ () throws(StartError) in try outcome.get() }) else {
            let place = configuration.dataDirectory
            throw Exit.failure(.noServer, "no server is running on \(place); start one with `brume start`")
        }
        guard answer.isDone else {
            throw Exit.failure(answer.isUnknown ? .noSuchThing : .serverRefuses, answer.text)
        }
        return answer.text
    }

    /// The model of the setting `bedrock-models` with that name or alias; nil if the name is one of the registry, or
    /// unknown.
    func configured(_ name: String, _ registry: ModelRegistry) throws -> ConfiguredModel? {
        if let model = self.configured.first(where: { $0.name == name }) { return model }
        return try orExit { () throws(RegistryError) in
            guard try registry.record(named: name) == nil else { return nil }
            let alias = try registry.aliases().first { $0.pattern == name }
            return alias.flatMap { alias in self.configured.first { $0.name == alias.model } }
        }
    }
}

/// Does it, or ends with the sentence and the exit code of what went wrong with a model.
func orExit<Value>(_ work: () throws(RegistryError) -> Value) throws -> Value {
    do throws(RegistryError) {
        return try work()
    } catch {
        throw Exit.failure(Exit(error), error.sentence)
    }
}

/// Does it, or ends with the sentence and the exit code of what went wrong with a model.
func orExitAsync<Value>(_ work: () async throws(RegistryError) -> Value) async throws -> Value {
    do throws(RegistryError) {
        return try await work()
    } catch {
        throw Exit.failure(Exit(error), error.sentence)
    }
}

extension Exit {
    /// The exit code of what went wrong with a model.
    init(_ error: RegistryError) {
        switch error.reason {
        case .usage: self = .usage
        case .unknown: self = .noSuchThing
        case .damaged: self = .damagedData
        case .unreachable: self = .noHost
        case .refused: self = .noPermission
        case .noSpace, .disk: self = .dataDirectoryNotWritable
        case .busy: self = .storeInUse
        }
    }
}

extension HTTPFetch.Options {
    /// The options for commands: user agent, and authorities and proxies from the environment.
    static func forCommands() throws -> HTTPFetch.Options {
        var options = HTTPFetch.Options()
        options.userAgent = "brume/\(BuildInformation.version)"
        options.authoritiesPath = ProcessEnvironment.variables["SSL_CERT_FILE"]
        options.proxies = try orExit { () throws(RegistryError) in
            try ProxySettings(environment: ProcessEnvironment.variables)
        }
        return options
    }
}
