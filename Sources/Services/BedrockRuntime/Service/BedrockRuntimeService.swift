internal import BedrockRuntimeModel
package import Primitives
package import ServiceKit
package import Telemetry

/// Amazon Bedrock's runtime: models behind Converse and InvokeModel.
package final class BedrockRuntimeService: BedrockRuntimeOperations {
    let catalog: ModelCatalog
    let clock: any WallClock
    let meter: Meter
    let rules: RuleBook
    let random: any RandomSource
    /// Answers to deterministic requests that are kept; nil keeps none.
    let responses: ResponseCache?
    /// Responses of OpenAI's notation that are continued.
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

    /// Takes other aliases and rules while it serves: for the next request.
    package func reconfigure(aliases: [ModelCatalog.Alias], rules: [ModelRule]) {
        self.catalog.setAliases(aliases)
        self.rules.replace(with: rules)
    }
}
