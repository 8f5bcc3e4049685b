internal import BedrockRuntimeModel
internal import BedrockRuntimeService
internal import Containers
internal import DynamoDBModel
internal import DynamoDBService
internal import DynamoDBStreamsModel
internal import Gateway
internal import Inference
internal import KeyValue
internal import Primitives
internal import STSModel
internal import STSService
internal import ServiceKit
internal import ServiceModel
internal import Signing
internal import Telemetry

/// Builds services on engines: the only place that names concrete engines and services.
enum Assembly {
    /// Every service that this process runs, and those that it forwards to other processes.
    struct Services: Sendable {
        var services: [RegisteredService] = []
        /// The nodes that run the forwarded services.
        var nodes: [UpstreamNodes] = []
        /// The services' work beside requests; each runs until it is cancelled.
        var background: [@Sendable () async -> Void] = []
        /// Publishes the metrics that the services have gathered so far.
        var publishMetrics: @Sendable () -> Void = {}
        /// Applies the settings that may change while the server runs.
        var reconfigure: [@Sendable (Configuration) -> Void] = []
        /// Writes what is only in memory yet; called once, after the last answer.
        var atEnd: [@Sendable () -> Void] = []

        mutating func add(_ other: Services) {
            let (first, second) = (self.publishMetrics, other.publishMetrics)
            self.services += other.services
            self.nodes += other.nodes
            self.background += other.background
            self.reconfigure += other.reconfigure
            self.atEnd += other.atEnd
            self.publishMetrics = {
                first()
                second()
            }
        }
    }

    /// The dependencies that all services share.
    struct SharedDependencies: Sendable {
        var clock: any WallClock
        var random: any RandomSource
        var telemetry: any TelemetryPort
        var log: any LogSink
        var box: SecretBox
        var configuration: Configuration
    }

    /// Amazon DynamoDB and its streams, on the store that both share.
    static func dynamoDB(_ shared: SharedDependencies, store: any OrderedStore, directory: DataDirectory) -> Services {
        let objects = DirectoryObjects(directory: directory.objects, random: shared.random)
        let dataStreams = DirectoryDataStreams(directory: directory.dataStreams)
        let configuration = shared.configuration
        let dynamoDB = DynamoDBService(
            store: store, clock: shared.clock, random: shared.random, telemetry: shared.telemetry, objects: objects,
            dataStreams: dataStreams, log: shared.log,
            transitionMilliseconds: Int64(configuration.tableTransitionMilliseconds),
            isThrottling: configuration.isThrottling,
            sweepMilliseconds: Int(configuration.ttlSweepSeconds * 1000)
        )
        let streams = DynamoDBStreamsService(
            store: store, clock: shared.clock, box: shared.box,
            shardMilliseconds: Int64(configuration.streamShardSeconds) * 1000
        )
        return Services(
            services: Self.dynamoDB(dynamoDB.guardedBinding, streams: dynamoDB.guarded(streams.binding)),
            background: [{ await dynamoDB.run() }],
            publishMetrics: { dynamoDB.publishMetrics() },
            reconfigure: [
                { configuration in
                    dynamoDB.reconfigure(
                        isThrottling: configuration.isThrottling,
                        transitionMilliseconds: Int64(configuration.tableTransitionMilliseconds),
                        sweepMilliseconds: Int(configuration.ttlSweepSeconds * 1000))
                }
            ]
        )
    }

    private static func dynamoDB(_ dynamoDB: ServiceBinding, streams: ServiceBinding) -> [RegisteredService] {
        [
            // BatchWriteItem takes 16 MB of items; base64 and names come on top.
            // Since the summer of 2026 AWS tells one broken constraint of an update or a deletion; of a put the table's
            // name alone, or else all.
            RegisteredService(
                binding: dynamoDB, requestIDForm: .long, bodyBytesMax: 24 << 20, asksPoliciesItself: true,
                singleViolationOperations: ["UpdateItem", "DeleteItem"], foremostMembers: ["PutItem": "TableName"],
                enumerationSentences: [
                    "TableClass": "Invalid table-class parameter provided. Please try again with a valid table-class "
                        + "value: [STANDARD, STANDARD_INFREQUENT_ACCESS]."
                ]
            ),
            RegisteredService(binding: streams, requestIDForm: .long, asksPoliciesItself: true),
        ]
    }

    /// The cache of answers to deterministic requests; nil when it is switched off or there is no store to keep it in.
    private static func responses(_ configuration: Configuration, _ store: (any OrderedStore)?) -> ResponseCache? {
        guard configuration.responseCacheMegabytes > 0, let store else { return nil }
        return ResponseCache(store: store, bytesMax: configuration.responseCacheMegabytes << 20)
    }

    /// Amazon Bedrock's runtime, on the models of this machine.
    static func bedrock(
        _ shared: SharedDependencies, models: ModelHost, registry: RegistryView, usage: UsageLedger,
        recordings: Recordings, store: (any OrderedStore)?
    ) -> Services {
        let configuration = shared.configuration
        let bedrock = BedrockRuntimeService(
            catalog: ModelCatalog(host: models, registry: registry, aliases: configuration.bedrockAliases),
            clock: shared.clock, telemetry: shared.telemetry, log: shared.log, rules: configuration.bedrockRules,
            recordings: recordings, usage: usage, responses: Self.responses(configuration, store))
        return Services(
            services: [Self.bedrock(bedrock.binding, routes: bedrock.routes)],
            background: [{ await models.run() }, { await Self.loadPinned(registry, models) }],
            reconfigure: [
                { bedrock.reconfigure(aliases: $0.bedrockAliases, rules: $0.bedrockRules) }
            ],
            atEnd: [{ usage.flush() }]
        )
    }

    private static func bedrock(_ binding: ServiceBinding, routes: [HTTPRoute]) -> RegisteredService {
        RegisteredService(
            binding: binding,
            // Converse takes images and documents of some megabytes each.
            bodyBytesMax: 32 << 20,
            unavailableError: ServiceError(
                code: "ServiceUnavailableException", status: 503,
                message: "The service isn't currently available. Try again later."),
            accessDeniedError: { BedrockRuntimeError.accessDenied(message: $0) },
            // Models are stateless: a repeated request costs time and nothing else.
            isRepeatable: true,
            routes: routes, takesBearerKeys: true)
    }

    static func sts(_ shared: SharedDependencies, identity: any IdentityPort) -> Services {
        Services(services: [Self.sts(STSService(identity: identity, clock: shared.clock).binding)])
    }

    private static func sts(_ binding: ServiceBinding) -> RegisteredService {
        RegisteredService(
            binding: binding,
            throttlingError: ServiceError(code: "Throttling", message: "Rate exceeded"),
            accessDeniedError: { ServiceError(code: "AccessDenied", status: 403, message: $0) })
    }

    /// A role that other processes run: its requests are identified and authenticated here, and forwarded.
    static func elsewhere(_ role: Role, nodes: UpstreamNodes) -> Services {
        let services =
            switch role {
            case .dynamodb:
                Self.dynamoDB(
                    ServiceBinding(elsewhere: DynamoDBSchema.service),
                    streams: ServiceBinding(elsewhere: DynamoDBStreamsSchema.service))
            case .bedrock:
                [
                    Self.bedrock(
                        ServiceBinding(elsewhere: BedrockRuntimeSchema.service),
                        routes: BedrockRuntimeService.routesElsewhere)
                ]
            case .sts:
                [Self.sts(ServiceBinding(elsewhere: STSSchema.service))]
            }
        return Services(
            services: services.map { service in
                var service = service
                service.nodes = nodes
                return service
            }, nodes: [nodes], background: [{ await nodes.run() }])
    }

    /// Measures the machine and, if a Docker socket is configured, the containers; recorded for the default account.
    static func resources(_ shared: SharedDependencies) -> Services {
        let configuration = shared.configuration
        guard configuration.resourceSeconds > 0, let region = Region(configuration.region) else { return Services() }
        let monitor = ContainerAccess.monitor(
            disk: configuration.dataDirectory, socket: configuration.dockerSocket
        ) { datum in
            shared.telemetry.record(datum, account: .standard, region: region, time: shared.clock.now())
        }
        let tell = { @Sendable (failure: ContainerEngineError?) in
            shared.log.write(
                LogRecord(
                    time: shared.clock.now(), level: failure == nil ? .info : .warning,
                    message: failure.map { "containers are not measured: \($0.sentence)" }
                        ?? "containers are measured again"))
        }
        return Services(background: [{ await monitor.run(pauseSeconds: configuration.resourceSeconds, tell: tell) }])
    }

    /// Loads the pinned models, one after the other.
    private static func loadPinned(_ registry: RegistryView, _ models: ModelHost) async {
        let listing = registry.listing
        let known = await models.names()
        let pinned = listing.models.filter(\.isPinned).map(\.name) + listing.pins.filter { known.contains($0) }
        for name in pinned {
            do throws(InferenceError) {
                try await models.load(name)
            } catch {
                // The host has logged why; the first request tries again.
                continue
            }
        }
    }
}
