internal import BedrockRuntimeModel
internal import BedrockRuntimeService
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

/// The only place that names engines and services.
enum Assembly {
    /// Every service of this process.
    struct Services: Sendable {
        var services: [RegisteredService]
        /// What they do beside requests, until it is cancelled.
        var background: @Sendable () async -> Void
        /// Hands over what they measured until now.
        var tellMetrics: @Sendable () -> Void
        /// Gives them the settings that may change while they serve.
        var reconfigure: @Sendable (Configuration) -> Void
    }

    static func services(
        store: any OrderedStore, identity: any IdentityPort, clock: any WallClock, random: any RandomSource,
        telemetry: any TelemetryPort, objects: any ObjectPort, log: any LogSink, box: SecretBox,
        models: ModelHost, registry: RegistryView, usage: UsageLedger, configuration: Configuration
    ) -> Services {
        let dynamoDB = DynamoDBService(
            store: store, clock: clock, random: random, telemetry: telemetry, objects: objects, log: log,
            transitionMilliseconds: Int64(configuration.tableTransitionMilliseconds),
            isThrottling: configuration.isThrottling,
            sweepMilliseconds: Int(configuration.ttlSweepSeconds * 1000)
        )
        let streams = DynamoDBStreamsService(
            store: store, clock: clock, box: box, shardMilliseconds: Int64(configuration.streamShardSeconds) * 1000
        )
        let bedrock = BedrockRuntimeService(
            catalog: ModelCatalog(host: models, registry: registry, aliases: configuration.bedrockAliases),
            clock: clock, telemetry: telemetry, rules: configuration.bedrockRules, usage: usage,
            responses: configuration.responseCacheMegabytes > 0
                ? ResponseCache(store: store, bytesMax: configuration.responseCacheMegabytes << 20) : nil)
        let services = [
            // Converse takes images and documents of some megabytes each.
            RegisteredService(
                binding: bedrock.binding, bodyBytesMax: 32 << 20, routes: bedrock.routes, takesBearerKeys: true),
            RegisteredService(
                binding: dynamoDB.guardedBinding,
                requestIDForm: .long,
                // BatchWriteItem takes 16 MB of items; base64 and names come on top.
                bodyBytesMax: 24 << 20
            ),
            RegisteredService(binding: dynamoDB.guarded(streams.binding), requestIDForm: .long),
            RegisteredService(
                binding: STSService(identity: identity, clock: clock).binding,
                throttlingError: ServiceError(code: "Throttling", message: "Rate exceeded")
            ),
        ]
        return Services(
            services: services,
            background: {
                async let idleModels: Void = models.run()
                async let pinnedModels: Void = Self.loadPinned(registry, models)
                await dynamoDB.run()
                await idleModels
                await pinnedModels
            },
            tellMetrics: { dynamoDB.tellMetrics() },
            reconfigure: { configuration in
                dynamoDB.reconfigure(
                    isThrottling: configuration.isThrottling,
                    transitionMilliseconds: Int64(configuration.tableTransitionMilliseconds),
                    sweepMilliseconds: Int(configuration.ttlSweepSeconds * 1000))
                bedrock.reconfigure(aliases: configuration.bedrockAliases, rules: configuration.bedrockRules)
            }
        )
    }

    /// Loads the models that stay loaded, one after the other.
    private static func loadPinned(_ registry: RegistryView, _ models: ModelHost) async {
        for record in registry.listing.models where record.isPinned {
            do throws(InferenceError) {
                try await models.load(record.name)
            } catch {
                // The host has told the log why; the first request tries again.
                continue
            }
        }
    }
}
