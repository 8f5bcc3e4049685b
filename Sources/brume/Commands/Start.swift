internal import ArgumentParser
internal import Server

/// `brume start`: runs the server in the foreground.
struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the server in the foreground.",
        discussion: """
            Flags beat environment variables, which beat the configuration file. Every flag has a variable \
            (--data-dir: BRUME_DATA_DIR) and a line of the file (data-dir: …). SIGTERM and SIGINT drain and stop; \
            SIGHUP reads configuration and certificate again; so does a change of the file.
            """
    )

    @Option(help: ArgumentHelp("Configuration file (default: config.yaml in the data directory).", valueName: "file"))
    var config: String?

    @Option(help: "TCP port of the endpoint; 0 takes a free one (default: 4566).")
    var port: String?

    @Option(help: "Addresses to listen on, separated by commas (default: 127.0.0.1).")
    var host: String?

    @Option(name: .customLong("data-dir"), help: "Where everything is kept (default: ~/.brume).")
    var dataDirectory: String?

    @Option(help: "A PostgreSQL that several servers share, as postgres://user@host/database (default: none).")
    var store: String?

    @Option(help: "Region of requests without a signature scope (default: us-east-1).")
    var region: String?

    @Option(help: "Event loops, each a thread (default: one a core, at most 8).")
    var loops: String?

    @Option(name: .customLong("block-cache-mb"), help: "Memory for data blocks, in MiB (default: 64).")
    var blockCacheMegabytes: String?

    @Option(help: "durable, or relaxed: a power cut may lose the last seconds (default: durable).")
    var durability: String?

    @Option(name: .customLong("tls-cert"), help: "Certificate chain of your own (PEM).")
    var tlsCertificate: String?

    @Option(name: .customLong("tls-key"), help: "Private key of --tls-cert (PEM).")
    var tlsKey: String?

    @Option(name: .customLong("tls-names"), help: "More names for the development certificate.")
    var tlsNames: String?

    @Option(help: "Whether plain HTTP is answered beside TLS (default: true).")
    var plaintext: String?

    @Option(help: "none or localstack: key test/test on loopback, /_localstack/health (default: none).")
    var compat: String?

    @Option(help: "Whether a DynamoDB table's throughput is enforced, true or false (default: true).")
    var throttling: String?

    @Option(
        name: .customLong("table-metrics"),
        help: "Whether /metrics names tables and models with their CloudWatch metrics (default: false).")
    var tableMetrics: String?

    @Option(
        name: .customLong("docker-socket"),
        help: ArgumentHelp("Measure the containers that run Brume, through Docker or Podman.", valueName: "socket"))
    var dockerSocket: String?

    @Option(
        name: .customLong("resource-seconds"),
        help: "Pause between two measurements of what the machine uses; 0: none (default: 10).")
    var resourceSeconds: String?

    @Option(
        name: .customLong("drain-delay-seconds"),
        help: "Time in which a stop is only told on /readyz, before the port closes (default: 0)."
    )
    var drainDelaySeconds: String?

    @Option(name: .customLong("drain-seconds"), help: "Time for open requests after a stop signal (default: 10).")
    var drainSeconds: String?

    @Option(
        name: .customLong("bedrock-aliases"),
        help: "Models that answer for ids of Bedrock: 'anthropic.*=brume.echo', several separated by commas.")
    var bedrockAliases: String?

    @Option(
        name: .customLong("bedrock-models"),
        help: "Models of your own: 'name=/path/model.gguf' or 'name=http://host:port/v1', separated by commas.")
    var bedrockModels: String?

    @Option(help: "The program that runs models (default: llama-server on PATH).")
    var engine: String?

    @Option(name: .customLong("model-slots"), help: "Requests that one model computes at once (default: 4).")
    var modelSlots: String?

    @Option(
        name: .customLong("model-context-tokens"), help: "Tokens of one request with its answer (default: 8192).")
    var modelContextTokens: String?

    @Option(
        name: .customLong("model-gpu-layers"),
        help: "Layers that the card computes: auto (as many as fit), all, or a number (default: auto).")
    var modelGPULayers: String?

    @Option(
        name: .customLong("gpu-profile"),
        help: "The card to plan for: auto (what is here), none, such as rtx3090, or a profile file (default: auto).")
    var gpuProfile: String?

    @Option(
        name: .customLong("gpu-memory"),
        help: "What models take of each card together, such as 80% or 6GiB (default: all but 1 GiB).")
    var gpuMemory: String?

    @Option(
        name: .customLong("host-memory"),
        help: "What models take of the machine's memory together, such as 50% or 6GiB (default: 80%).")
    var hostMemory: String?

    @Option(
        name: .customLong("model-keep-alive-seconds"), help: "How long an idle model stays loaded (default: 300).")
    var modelKeepAliveSeconds: String?

    @Option(name: .customLong("models-loaded-max"), help: "Models that are loaded at once (default: 4).")
    var modelsLoadedMax: String?

    @Option(
        name: .customLong("model-hold-seconds"),
        help: "How long a request waits for its model and its turn (default: 50).")
    var modelHoldSeconds: String?

    @Option(
        name: .customLong("response-cache-megabytes"),
        help: "Room in the store for answers to deterministic requests (default: 0, none).")
    var responseCacheMegabytes: String?

    @Option(
        name: .customLong("embedding-cache-megabytes"),
        help: "Memory for vectors of texts that were embedded before (default: 64).")
    var embeddingCacheMegabytes: String?

    @Option(
        name: .customLong("bedrock-rules"),
        help: ArgumentHelp("Canned replies, errors and delays of Bedrock's models (JSON).", valueName: "file"))
    var bedrockRules: String?

    @Option(
        name: .customLong("table-transition-milliseconds"),
        help: "How long tables are CREATING, UPDATING and DELETING (default: 0)."
    )
    var tableTransitionMilliseconds: String?

    @Option(
        name: .customLong("ttl-sweep-seconds"),
        help: "Pause between two looks for items whose time to live is over (default: 60).")
    var ttlSweepSeconds: String?

    @Option(
        name: .customLong("stream-shard-seconds"),
        help: "How long a shard of a DynamoDB stream takes changes (default: 14400).")
    var streamShardSeconds: String?

    @OptionGroup(title: "Several processes") var cluster: ClusterOptions

    @Flag(
        name: .customLong("insecure-accept-any-credentials"),
        help: "Do not look at signatures. For experiments on a trusted machine only."
    )
    var acceptsAnyCredentials = false

    private var flags: [String: String] {
        let given: [(String, String?)] = [
            ("port", self.port), ("host", self.host), ("data-dir", self.dataDirectory), ("store", self.store),
            ("region", self.region),
            ("loops", self.loops), ("block-cache-mb", self.blockCacheMegabytes), ("durability", self.durability),
            ("tls-cert", self.tlsCertificate), ("tls-key", self.tlsKey), ("tls-names", self.tlsNames),
            ("plaintext", self.plaintext), ("compat", self.compat), ("throttling", self.throttling),
            ("table-metrics", self.tableMetrics), ("drain-seconds", self.drainSeconds),
            ("bedrock-aliases", self.bedrockAliases), ("bedrock-models", self.bedrockModels),
            ("engine", self.engine), ("model-slots", self.modelSlots),
            ("model-context-tokens", self.modelContextTokens), ("model-gpu-layers", self.modelGPULayers),
            ("gpu-profile", self.gpuProfile), ("gpu-memory", self.gpuMemory), ("host-memory", self.hostMemory),
            ("model-keep-alive-seconds", self.modelKeepAliveSeconds), ("models-loaded-max", self.modelsLoadedMax),
            ("model-hold-seconds", self.modelHoldSeconds),
            ("response-cache-megabytes", self.responseCacheMegabytes),
            ("embedding-cache-megabytes", self.embeddingCacheMegabytes),
            ("bedrock-rules", self.bedrockRules), ("docker-socket", self.dockerSocket),
            ("resource-seconds", self.resourceSeconds),
            ("drain-delay-seconds", self.drainDelaySeconds),
            ("table-transition-milliseconds", self.tableTransitionMilliseconds),
            ("ttl-sweep-seconds", self.ttlSweepSeconds),
            ("stream-shard-seconds", self.streamShardSeconds),
            ("insecure-accept-any-credentials", self.acceptsAnyCredentials ? "true" : nil),
        ]
        let all = given + self.cluster.given
        return Dictionary(uniqueKeysWithValues: all.compactMap { name, text in text.map { (name, $0) } })
    }

    func run() async throws {
        let signals = ProcessSignals.stream()
        let source = configurationSource(flags: self.flags, file: self.config)
        let configuration = try orExitForConfiguration { () throws(ConfigurationError) in
            try LiveConfiguration(source)
        }
        do throws(StartError) {
            let server = try await BrumeServer.start(configuration)
            let say = { @Sendable (line: BrumeServer.StartLine) in
                Terminal.output(line.isWarning ? Terminal.warning(line.text) : line.text)
            }
            server.startLines.forEach(say)
            await server.run(until: signals, say: say)
        } catch {
            throw Exit.failure(Exit(error), error.sentence)
        }
    }
}

extension Exit {
    /// The exit code of a start that failed.
    init(_ error: StartError) {
        switch error.reason {
        case .configuration: self = .wrongConfiguration
        case .dataDirectory: self = .dataDirectoryNotWritable
        case .storeLocked: self = .storeInUse
        case .storeNewer: self = .storeNewer
        case .storeDamaged: self = .storeDamaged
        case .storeUnreachable: self = .noServer
        case .portInUse: self = .portInUse
        case .noPermission: self = .noPermission
        case .other: self = .internalError
        }
    }
}
