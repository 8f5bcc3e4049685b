internal import BedrockRuntimeService
internal import Gateway
internal import Inference
internal import Primitives

/// One thing that can be set by flag, environment variable and file, under one name. The flags of `brume start` and
/// their help are made of it.
package struct Setting: Sendable {
    /// The flag without its hyphens, and the key in the file.
    package let name: String
    /// For help: begins with a small letter unless it begins with a name, and has no full stop.
    package let summary: String
    /// The text of the default, for help.
    package let standard: String
    /// Whether it is the path of a file or directory, in which `~` at the start means the home directory.
    package let isPath: Bool
    /// Whether the flag takes no value and means `true`.
    package let isSwitch: Bool
    /// Combines the texts of a flag that is given several times; nil: the last one counts.
    private let join: Join?
    /// Whether the text may hold a password; `shown` leaves it out.
    private let isSecret: Bool
    /// Whether a running server applies a new value when it reads its configuration again.
    package let isLive: Bool
    /// Applies a text from any of the three sources.
    /// - Throws: `ConfigurationError` saying what was expected.
    let apply: @Sendable (_ text: String, _ configuration: inout Configuration) throws(ConfigurationError) -> Void

    /// - Throws: `ConfigurationError` naming the settings that conflict.
    typealias Join = @Sendable (_ texts: [String]) throws(ConfigurationError) -> String

    /// Whether its flag may be given several times.
    package var isList: Bool { self.join != nil }

    /// The combined text of a flag that was given several times.
    package func joined(_ texts: [String]) throws(ConfigurationError) -> String? {
        guard let join = self.join, texts.count > 1 else { return texts.last }
        do throws(ConfigurationError) {
            return try join(texts)
        } catch {
            throw ConfigurationError("--\(self.name) \(error.sentence)")
        }
    }

    /// The environment variable: `data-dir` is `BRUME_DATA_DIR`.
    package var environmentVariable: String {
        "BRUME_" + self.name.uppercased().replacing("-", with: "_")
    }

    /// The given text, in a form that terminals and logs may show.
    package func shown(_ text: String) -> String {
        self.isSecret ? StoreAddress.withoutPassword(text) : text
    }

    /// Every setting, in the order of the documentation.
    package static let all: [Setting] = Self.ofOneProcess + Self.roles

    /// The settings of a single process.
    package static let ofOneProcess: [Setting] = [
        Setting(
            "port", "TCP port to listen on; 0 takes a free one", "4566"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.port = try Self.integer(text, 0...65_535)
        },
        Setting(
            "host", "addresses to listen on, separated by commas", "127.0.0.1", join: Self.commas
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.hosts = try Self.hosts(text)
        },
        Setting(
            "data-dir", "directory for all data, keys and logs", "~/.brume", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.dataDirectory = try Self.nonEmpty(text)
        },
        Setting(
            "store", "PostgreSQL database that several servers share: postgres://user@host/database",
            "the data directory",
            isSecret: true
        ) { (text, configuration) throws(ConfigurationError) in
            guard StoreAddress.isDatabase(text) else {
                throw ConfigurationError("takes postgres://user@host:5432/database")
            }
            configuration.store = text
        },
        Setting(
            "region", "region of requests whose signature names none", "us-east-1"
        ) { (text, configuration) throws(ConfigurationError) in
            guard Region(text) != nil else {
                throw ConfigurationError("takes 1 to 40 lower-case letters, digits and hyphens")
            }
            configuration.region = text
        },
        Setting(
            "loops", "event loop threads", "one per core, at most 8"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.loops = try Self.integer(text, 1...256)
        },
        Setting(
            "block-cache-mb", "memory for cached data, in MiB", "64"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.blockCacheMegabytes = try Self.integer(text, 1...1_048_576)
        },
        Setting(
            "durability", "what an answered write survives: a power cut (durable), or only a crash (relaxed)", "durable"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.durability = try Self.choice(text)
        },
        Setting(
            "tls-cert", "file of your own certificate chain (PEM)", "a development certificate", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.tlsCertificate = try Self.nonEmpty(text)
        },
        Setting(
            "tls-key", "file of the private key of tls-cert (PEM)", "a development key", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.tlsKey = try Self.nonEmpty(text)
        },
        Setting(
            "tls-names", "additional names in the development certificate", "none", join: Self.commas
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.tlsNames = try Self.certificateNames(text)
        },
        Setting(
            "plaintext", "whether to accept plain HTTP besides TLS", "true"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.allowsPlaintext = try Self.truth(text)
        },
        Setting(
            "cors-origins", "web pages that may send requests: local (of this machine), none, * or their origins",
            "local", isLive: true, join: Self.commas
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.corsOrigins = try Self.origins(text)
        },
        Setting(
            "compat", "additional clients to support: none, or localstack (key test/test, /_localstack/health)", "none"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.compatibility = try Self.choice(text)
        },
        Setting(
            "insecure-accept-any-credentials", "do not verify signatures; only for experiments on a trusted machine",
            "false",
            isSwitch: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.acceptsAnyCredentials = try Self.truth(text)
        },
        Setting(
            "throttling", "whether to enforce the throughput of DynamoDB tables", "true; false with compat localstack",
            isLive: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.throttling = try Self.truth(text)
        },
        Setting(
            "table-metrics", "whether /metrics includes the CloudWatch metrics of tables and models", "false",
            isLive: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.tellsTableMetrics = try Self.truth(text)
        },
        Setting(
            "bedrock-aliases", "models that answer for Bedrock model IDs, such as anthropic.*=brume.echo", "none",
            isLive: true, join: Self.commas
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.bedrockAliases = try Self.aliases(text)
        },
        Setting(
            "bedrock-models", "additional models: name=/path/model.gguf or name=http://host:port/v1", "none",
            join: Self.commas
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.bedrockModels = try Self.models(text)
        },
        Setting(
            "engine", "program that runs models, such as llama-server", "llama-server on PATH", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.engine = try Self.nonEmpty(text)
        },
        Setting(
            "model-slots", "requests that one model computes at the same time", "4"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.modelSlots = try Self.integer(text, 1...256)
        },
        Setting(
            "model-context-tokens", "context of one request in tokens, including its answer", "8192"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.modelContextTokens = try Self.integer(text, 256...16_777_216)
        },
        Setting(
            "model-gpu-layers", "layers computed on the GPU: auto (as many as fit), all, or a number", "auto"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.modelGPULayers = try Self.layers(text)
        },
        Setting(
            "gpu-profile", "GPU to plan for: auto (what is installed), none, a known one (rtx3090) or a profile file",
            "auto", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.gpuProfile = try Self.profile(text)
        },
        Setting(
            "gpu-memory", "memory of each GPU for all models together, such as 80% or 6GiB", "all but 1 GiB"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.gpuMemory = try Self.share(text)
        },
        Setting(
            "host-memory", "main memory for all models together, such as 50% or 6GiB", "80%"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.hostMemory = try Self.share(text)
        },
        Setting(
            "model-keep-alive-seconds", "time until an idle model is unloaded", "300"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.modelKeepAliveSeconds = try Self.integer(text, 1...31_536_000)
        },
        Setting(
            "models-loaded-max", "models loaded at the same time", "4"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.modelsLoadedMax = try Self.integer(text, 1...256)
        },
        Setting(
            "model-hold-seconds", "time that a request waits for its model to load, and for a slot", "50"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.modelHoldSeconds = try Self.integer(text, 1...3600)
        },
        Setting(
            "response-cache-megabytes", "space in the store for cached answers to deterministic requests; 0: off", "0"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.responseCacheMegabytes = try Self.integer(text, 0...1_048_576)
        },
        Setting(
            "embedding-cache-megabytes", "memory for cached embeddings; 0: off", "64"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.embeddingCacheMegabytes = try Self.integer(text, 0...1_048_576)
        },
        Setting(
            "prompt-sharing", "whether to reuse the start of a prompt that was computed for another principal",
            "true"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.sharesPrompts = try Self.truth(text)
        },
        Setting(
            "bedrock-rules", "file of canned replies, errors, delays and recordings for Bedrock (JSON)", "none",
            isPath: true, isLive: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.bedrockRules = try Self.rules(text)
        },
        Setting(
            "docker-socket", "socket of Docker or Podman, for metrics of the containers that run Brume", "none",
            isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.dockerSocket = try Self.nonEmpty(text)
        },
        Setting(
            "resource-seconds", "interval between measurements of the machine's resource usage; 0: off", "10"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.resourceSeconds = try Self.decimal(text, 0...3600)
        },
        Setting(
            "drain-delay-seconds", "time that a stopping server reports itself unready but still accepts requests", "0",
            isLive: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.drainDelaySeconds = try Self.integer(text, 0...3600)
        },
        Setting(
            "drain-seconds", "time that open requests have to finish after a stop signal", "10", isLive: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.drainSeconds = try Self.integer(text, 0...3600)
        },
        Setting(
            "table-transition-milliseconds", "time that tables stay CREATING, UPDATING and DELETING", "0", isLive: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.tableTransitionMilliseconds = try Self.integer(text, 0...3_600_000)
        },
        Setting(
            "ttl-sweep-seconds", "interval between deletions of items whose time to live has passed", "60", isLive: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.ttlSweepSeconds = try Self.decimal(text, 0.1...86_400)
        },
        Setting(
            "stream-shard-seconds", "time until a DynamoDB stream continues in a new shard", "14400"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.streamShardSeconds = try Self.integer(text, 1...86_400)
        },
    ]

    init(
        _ name: String,
        _ summary: String,
        _ standard: String,
        isPath: Bool = false,
        isSwitch: Bool = false,
        isSecret: Bool = false,
        isLive: Bool = false,
        join: Join? = nil,
        apply: @escaping @Sendable (String, inout Configuration) throws(ConfigurationError) -> Void
    ) {
        self.name = name
        self.summary = summary
        self.standard = standard
        self.isPath = isPath
        self.isSwitch = isSwitch
        self.isSecret = isSecret
        self.isLive = isLive
        self.join = join
        self.apply = apply
    }

    /// For settings whose text is a list anyway.
    static let commas: Join = { texts in texts.joined(separator: ",") }

    static func integer(_ text: String, _ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw ConfigurationError("takes a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    static func decimal(_ text: String, _ range: ClosedRange<Double>) throws(ConfigurationError) -> Double {
        guard let value = Double(text), range.contains(value) else {
            throw ConfigurationError("takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func truth(_ text: String) throws(ConfigurationError) -> Bool {
        switch text.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default: throw ConfigurationError("takes true or false")
        }
    }

    static func nonEmpty(_ text: String) throws(ConfigurationError) -> String {
        guard !text.isEmpty, !text.utf8.contains(0) else { throw ConfigurationError("takes a text") }
        return text
    }

    static func list(_ text: String) throws(ConfigurationError) -> [String] {
        let parts = text.split(separator: ",").map { part in
            // Spaces inside a name are kept; those around it are removed.
            part.split(separator: " ").joined(separator: " ")
        }.filter { !$0.isEmpty }
        guard !parts.isEmpty else {
            throw ConfigurationError("takes one or more names, separated by commas")
        }
        return parts
    }

    private static func origins(_ text: String) throws(ConfigurationError) -> AllowedOrigins {
        let words = try Self.list(text)
        guard let origins = AllowedOrigins(words == ["none"] ? [] : words) else {
            throw ConfigurationError(
                "takes local, none, * or up to \(AllowedOrigins.ruleCountMax) origins such as https://app.example.com "
                    + "or http://dev.test:*, separated by commas")
        }
        return origins
    }

    private static func rules(_ path: String) throws(ConfigurationError) -> [ModelRule] {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(path, bytesMax: ModelRule.fileBytesMax)
        } catch {
            let reason = error == .absent ? "there is no file \(path)" : error.sentence
            throw ConfigurationError("takes a file that can be read: \(reason)")
        }
        do throws(ModelRuleError) {
            return try ModelRule.rules(json: bytes, folder: Files.parent(of: path))
        } catch {
            throw ConfigurationError("takes a file of rules; in \(path), \(error.sentence)")
        }
    }

    /// `pattern=model`, separated by commas.
    private static func aliases(_ text: String) throws(ConfigurationError) -> [ModelCatalog.Alias] {
        var aliases: [ModelCatalog.Alias] = []
        for entry in try Self.list(text) {
            let parts = entry.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw ConfigurationError("takes pattern=model, separated by commas")
            }
            aliases.append(.init(pattern: ModelCatalog.pattern(parts[0]), model: parts[1]))
        }
        return aliases
    }

    /// `name=path` or `name=address`, separated by commas; behind an address `#` and what the server there calls it.
    private static func models(_ text: String) throws(ConfigurationError) -> [Configuration.Model] {
        var models: [Configuration.Model] = []
        for entry in try Self.list(text) {
            guard let equals = entry.firstIndex(of: "="), equals > entry.startIndex else {
                throw ConfigurationError("takes name=/path/model.gguf or name=http://host:port/v1")
            }
            let name = String(entry[..<equals])
            let place = String(entry[entry.index(after: equals)...])
            guard name.utf8.allSatisfy({ ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || "-_.:".utf8.contains($0) })
            else { throw ConfigurationError("takes names of letters, digits and the signs - _ . :") }
            guard !name.hasPrefix(ModelName.reservedPrefix) else {
                throw ConfigurationError(
                    "takes no names that begin with \(ModelName.reservedPrefix), which are Brume's own")
            }
            guard !models.contains(where: { $0.name == name }) else {
                throw ConfigurationError("names the model \(name) twice")
            }
            if !place.hasPrefix("/") { try Self.checkServers(place, of: name) }
            models.append(.init(name: name, place: place))
        }
        return models
    }

    /// One address or several, separated by bars, each with the name behind `#` or without.
    private static func checkServers(_ place: String, of name: String) throws(ConfigurationError) {
        var seen: Set<EngineEndpoint.Address> = []
        for server in place.split(separator: "|", omittingEmptySubsequences: false) {
            guard let endpoint = EngineEndpoint(url: String(server.prefix { $0 != "#" })) else {
                throw ConfigurationError("takes an absolute path or a URL for \(name), not \(place)")
            }
            guard seen.insert(endpoint.address).inserted else {
                throw ConfigurationError("names a server of \(name) twice: one host and port is one server")
            }
        }
        guard seen.count <= ReplicaPool.serverCountMax else {
            throw ConfigurationError("takes up to \(ReplicaPool.serverCountMax) servers for \(name)")
        }
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ text: String
    ) throws(ConfigurationError) -> Choice {
        guard let choice = Choice(rawValue: text) else {
            throw ConfigurationError("takes one of: " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }
}
