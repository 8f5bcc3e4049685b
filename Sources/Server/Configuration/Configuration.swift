package import BedrockRuntimeService
package import Gateway
package import Inference

/// All settings, after flags, environment, file and defaults have been combined.
package struct Configuration: Sendable, Equatable {
    /// TCP port of the edge; 0 takes a free one.
    package var port = 4566
    /// Names or numeric addresses to listen on.
    package var hosts = ["127.0.0.1"]
    /// The one of `hosts` by which this machine reaches the server.
    package var ownHost: String { self.hosts.first(where: ServerAddress.isLocalhost) ?? self.hosts[0] }
    /// The host name or address by which a client on this machine reaches the server.
    package var clientHost: String { ServerAddress.clientHost(self.ownHost) }
    /// The data directory.
    package var dataDirectory = ""
    /// A database that several servers share, including its password if given; nil: the store is in the data directory.
    package var store: String?
    /// The region of requests without a credential scope, and the one that `brume env` exports.
    package var region = "us-east-1"
    /// The number of event loops; each has its own thread.
    package var loops = 2
    /// Megabytes of memory for all caches of the store together.
    package var blockCacheMegabytes = 64
    /// `durable` syncs before an answer; `relaxed` leaves syncing to the system (a power cut loses the last seconds).
    package var durability = Durability.durable
    /// PEM files of the user's own certificate; both or none.
    package var tlsCertificate: String?
    package var tlsKey: String?
    /// Additional names for the development certificate.
    package var tlsNames: [String] = []
    /// Whether requests without TLS are answered.
    package var allowsPlaintext = true
    /// The web pages that may call the server (CORS).
    package var corsOrigins = AllowedOrigins.local
    package var compatibility = Compatibility.none
    /// Whether signatures are ignored. Off by default; the start-up lines warn about it.
    package var acceptsAnyCredentials = false
    /// Whether keys that everybody knows are accepted, such as LocalStack's.
    package var hasKnownKeys: Bool { self.acceptsAnyCredentials || self.compatibility == .localstack }
    /// The setting for throughput; nil: it is enforced, except in LocalStack's mode.
    package var throttling: Bool?
    /// Whether tables' throughput is enforced, as AWS does and LocalStack does not.
    package var isThrottling: Bool { self.throttling ?? (self.compatibility != .localstack) }
    /// Whether `/metrics`, which needs no signature, contains the CloudWatch metrics of each table by name.
    package var tellsTableMetrics = false
    /// The models that answer for Bedrock ids; the first pattern that matches counts.
    package var bedrockAliases: [ModelCatalog.Alias] = []
    /// The models that the configuration names, by name.
    package var bedrockModels: [Model] = []
    /// The engine; nil: the one chosen by `brume engine use`, otherwise `llama-server` on `PATH`.
    package var engine: String?
    /// Requests that one model computes concurrently.
    package var modelSlots = 4
    /// Tokens of one request and its answer together; nil: 8,192, which each load reports.
    package var modelContextTokens: Int?
    /// Layers computed by the graphics card.
    package var modelGPULayers = EngineLaunch.GPULayers.automatic
    /// A graphics card to plan for in place of those of this machine; nil: those of this machine.
    package var gpuProfile: DeviceProfile?
    /// The memory of each graphics card for all models together; nil: all but a margin.
    package var gpuMemory: MemoryShare?
    /// The machine's memory for all models together.
    package var hostMemory = MemoryShare.part(0.8)
    /// Seconds without a request after which a model is unloaded.
    package var modelKeepAliveSeconds = 300
    /// Models that are loaded at the same time.
    package var modelsLoadedMax = 4
    /// Seconds for which a request waits until its model is loaded and has a free slot.
    package var modelHoldSeconds = 50
    /// Megabytes of the store for answers to deterministic requests; 0 disables the cache.
    package var responseCacheMegabytes = 0
    /// Megabytes of memory for embeddings of earlier texts; 0 disables the cache.
    package var embeddingCacheMegabytes = 64
    /// Whether requests may share prompts that an engine has processed for another principal.
    package var sharesPrompts = true
    /// Canned replies, errors and delays of Bedrock's models.
    package var bedrockRules: [ModelRule] = []
    /// The socket of Docker's or Podman's engine, whose containers are measured; nil: containers are not measured.
    package var dockerSocket: String?
    /// Seconds between two measurements of the machine's resources; 0 disables them.
    package var resourceSeconds = 10.0
    /// Seconds from a stop signal, at which `/readyz` changes, until the server stops listening.
    package var drainDelaySeconds = 0
    /// Seconds for open requests to finish after that.
    package var drainSeconds = 10
    /// Milliseconds for which DynamoDB tables are CREATING, UPDATING and DELETING, as on AWS; 0: no time.
    package var tableTransitionMilliseconds = 0
    /// Seconds between two searches for items whose time to live has passed.
    package var ttlSweepSeconds = 60.0
    /// Seconds after which a shard of a DynamoDB stream is closed and succeeded by the next.
    package var streamShardSeconds = 14_400

    /// How this process shares its work with others of a cluster.
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

    /// When a write is acknowledged: once it is on disk, or once the operating system has it.
    package enum Durability: String, Sendable, Hashable, CaseIterable {
        case durable, relaxed
    }

    /// The emulator whose conventions are followed in addition to AWS's.
    package enum Compatibility: String, Sendable, Hashable, CaseIterable {
        case none, localstack
    }

    package init() {}
}

/// Why a configuration cannot be used; a sentence that names the place and the remedy.
package struct ConfigurationError: Error, Sendable, Equatable {
    package let sentence: String
    /// The kind of error; `dataDirectory` if the directory does not even allow to look for the file.
    package let reason: StartError.Reason

    package init(_ sentence: String, reason: StartError.Reason = .configuration) {
        self.sentence = sentence
        self.reason = reason
    }
}
