internal import BedrockRuntimeModel
package import Primitives
package import ServiceKit
internal import ServiceModel
package import Telemetry

/// Amazon Bedrock's runtime: serves models with Converse and InvokeModel.
package final class BedrockRuntimeService: BedrockRuntimeOperations {
    let catalog: ModelCatalog
    let clock: any WallClock
    let meter: Meter
    let rules: RuleBook
    let random: any RandomSource
    /// The cache of answers to deterministic requests; nil disables caching.
    let responses: ResponseCache?
    /// Stored responses of OpenAI's Responses API, which later requests can continue.
    let kept = KeptResponses()

    package init(
        catalog: ModelCatalog, clock: any WallClock, telemetry: any TelemetryPort,
        log: any LogSink = DiscardingLogSink(),
        random: any RandomSource = PooledRandomSource(), rules: [ModelRule] = [],
        recordings: Recordings = Recordings(), usage: UsageLedger? = nil, responses: ResponseCache? = nil
    ) {
        self.catalog = catalog
        self.clock = clock
        self.meter = Meter(telemetry: telemetry, clock: clock, ledger: usage, log: log)
        self.rules = RuleBook(rules, recordings)
        self.random = random
        self.responses = responses
    }

    /// The accesses of an action on a model, with the other names of the model that answers.
    ///
    /// DEVIATION: on AWS a model has one name. Here aliases lead to models, and a Deny holds for what answers.
    func accesses(_ action: String, _ text: String, _ context: RequestContext) -> [ResourceAccess] {
        var accesses = ModelID.accesses(action, text, context)
        accesses[accesses.count - 1].otherResources = self.catalog.otherNames(of: text).map {
            ModelID.foundationModel($0, context)
        }
        return accesses
    }

    /// Replaces aliases and rules while the service runs; takes effect with the next request.
    package func reconfigure(aliases: [ModelCatalog.Alias], rules: [ModelRule]) {
        self.catalog.setAliases(aliases)
        self.rules.replace(with: rules)
    }
}
