package import Primitives
package import Telemetry

/// Takes the CloudWatch metrics that a service emits about itself.
package protocol TelemetryPort: Sendable {
    /// Never blocks and never fails; the adapter counts what it has to drop.
    func record(_ datum: MetricDatum, account: AccountID, region: Region, time: Timestamp)
}

extension MetricHistory: TelemetryPort {}
