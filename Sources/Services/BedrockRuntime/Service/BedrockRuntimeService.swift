internal import BedrockRuntimeModel
package import Primitives
package import ServiceKit

/// Amazon Bedrock's runtime: chat models behind Converse and InvokeModel.
package final class BedrockRuntimeService: BedrockRuntimeOperations {
    let catalog: ModelCatalog
    let clock: any WallClock
    let telemetry: any TelemetryPort

    package init(catalog: ModelCatalog, clock: any WallClock, telemetry: any TelemetryPort) {
        self.catalog = catalog
        self.clock = clock
        self.telemetry = telemetry
    }
}
