internal import BedrockRuntimeModel
package import Primitives
package import ServiceKit

/// Amazon Bedrock's runtime: chat models behind Converse and InvokeModel.
package final class BedrockRuntimeService: BedrockRuntimeOperations {
    let catalog: ModelCatalog
    let clock: any WallClock
    let telemetry: any TelemetryPort
    let random: any RandomSource

    package init(
        catalog: ModelCatalog, clock: any WallClock, telemetry: any TelemetryPort,
        random: any RandomSource = PooledRandomSource()
    ) {
        self.catalog = catalog
        self.clock = clock
        self.telemetry = telemetry
        self.random = random
    }
}
