package import BedrockRuntimeService
package import Gateway
package import Inference

/// Everything that can be set, as it holds after flags, environment, file and defaults were put together.
package struct Configuration: Sendable, Equatable {
    /// TCP port of the edge; 0 takes a free one.
    package var port = 4566
    /// Names or numeric addresses to listen on.
    package var hosts = ["127.0.0.1"]
    /// The one of them by which this machine reaches the server.
    package var ownHost: String { self.hosts.first(where: ServerAddress.isLocalhost) ?? self.hosts[0] }
    /// How a client of this machine calls the server.
    package var clientHost: String { ServerAddress.clientHost(self.ownHost) }
    /// Where everything is kept.
    package var dataDirectory = ""
    /// A database that several servers share, with its password if it says one; nil: the data directory has the store.
    package var store: String?
    /// Region of requests without a scope, and what `brume env` exports.
    package var region = "us-east-1"
    /// Event loops; each answers requests on a thread of its own.
    package var loops = 2
    /// Bytes of data blocks that the store keeps in memory.
    package var blockCacheMegabytes = 64
    /// `durable` syncs before an answer; `relaxed` leaves syncing to the system (a power cut loses the last seconds).
    package var durability = Durability.durable
    /// PEM files of a certificate of one's own; both or none.
    package var tlsCertificate: String?
    package var tlsKey: String?
    /// More names for the development certificate.
    package var tlsNames: [String] = []
    /// Whether requests without TLS are answered.
    package var allowsPlaintext = true
    /// Web pages that may call.
    package var corsOrigins = AllowedOrigins.local
    package var compatibility = Compatibility.none
    /// Signatures are not looked at. Off unless asked for by name; the start-up lines warn.
    package var acceptsAnyCredentials = false
    /// Whether there are keys that everybody knows.
    package var hasKnownKeys: Bool { self.acceptsAnyCredentials || self.compatibility == .localstack }
    /// What was said about a table's throughput; nil: it is enforced, except for suites written for LocalStack.
    package var throttling: Bool?
    /// Whether a table's throughput is enforced, as AWS does, and LocalStack does not.
    package var isThrottling: Bool { self.throttling ?? (self.compatibility != .localstack) }
    /// Whether `/metrics`, which needs no signature, names tables with what CloudWatch has of them.
    package var tellsTableMetrics = false
    /// Which model answers for ids of Bedrock, the first fitting pattern counts.
    package var bedrockAliases: [ModelCatalog.Alias] = []
    /// Models of one's own, by name.
    package var bedrockModels: [Model] = []
    /// The program that runs models; nil: what `brume engine use` named, else `llama-server` on `PATH`.
    package var engine: String?
    /// Requests that one model computes at once.
    package var modelSlots = 4
    /// Tokens of one request with its answer; nil: 8,192, which each load says.
    package var modelContextTokens: Int?
    /// Layers that the card computes.
    package var modelGPULayers = EngineLaunch.GPULayers.automatic
    /// The card that is planned for instead of those that are here; nil: what is here.
    package var gpuProfile: DeviceProfile?
    /// What models may take of each card together; nil: all but its margin.
    package var gpuMemory: MemoryShare?
    /// What models may take of the machine's memory together.
    package var hostMemory = MemoryShare.part(0.8)
    /// Seconds without a request after which a model is unloaded.
    package var modelKeepAliveSeconds = 300
    /// Models that are loaded at once.
    package var modelsLoadedMax = 4
    /// Seconds that a request waits for its model and its turn.
    package var modelHoldSeconds = 50
    /// Room in the store for answers to deterministic requests; 0 keeps none.
    package var responseCacheMegabytes = 0
    /// Memory for vectors of texts that were embedded before; 0 keeps none.
    package var embeddingCacheMegabytes = 64
    /// Whether a request may begin with what an engine has computed for another principal.
    package var sharesPrompts = true
    /// Canned replies, errors and delays of Bedrock's models.
    package var bedrockRules: [ModelRule] = []
    /// Socket of Docker's or Podman's engine, whose containers are measured; nil: none are looked at.
    package var dockerSocket: String?
    /// Seconds between two measurements of what the machine uses; 0: none.
    package var resourceSeconds = 10.0
    /// Seconds between a stop signal, which `/readyz` tells at once, and the end of listening.
    package var drainDelaySeconds = 0
    /// Seconds that open requests have after that.
    package var drainSeconds = 10
    /// How long DynamoDB's tables are CREATING, UPDATING and DELETING, as on AWS; 0: no time.
    package var tableTransitionMilliseconds = 0
    /// Seconds between two looks for items whose time to live is over.
    package var ttlSweepSeconds = 60.0
    /// Seconds after which a shard of a DynamoDB stream gives way to the next one.
    package var streamShardSeconds = 14_400

    /// How this process shares its work with others.
    package var cluster = ClusterConfiguration()

    /// A model that the configuration names.
    package struct Model: Sendable, Equatable {
        package var name: String
        /// The path of a GGUF file, or the addresses of servers that have the model, separated by bars.
        package var place: String

        package init(name: String, place: String) {
            self.name = name
            self.place = place
        }
    }

    /// When a write is acknowledged: once it is on disk, or once the system has it.
    package enum Durability: String, Sendable, Hashable, CaseIterable {
        case durable, relaxed
    }

    /// Whose habits are followed beside AWS's own.
    package enum Compatibility: String, Sendable, Hashable, CaseIterable {
        case none, localstack
    }

    package init() {}
}

/// Why a configuration cannot be used; a sentence that names the place and the remedy.
package struct ConfigurationError: Error, Sendable, Equatable {
    package let sentence: String
    /// What kind of trouble; `dataDirectory` where the file in it may not even be looked for.
    package let reason: StartError.Reason

    package init(_ sentence: String, reason: StartError.Reason = .configuration) {
        self.sentence = sentence
        self.reason = reason
    }
}
