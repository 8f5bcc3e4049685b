internal import Telemetry

/// The counters of one operation or route and its names in the log, so that recording a request looks nothing up by
/// name. A class, because it is handed on with every request.
final class RequestCounters: Sendable {
    let names: LogPart
    let duration: DurationHistogram
    let succeeded: Counter
    let clientErrors: Counter
    let serverErrors: Counter

    init(service: String, operation: String, metrics: MetricRegistry) {
        self.names = LogPart([.init("service", .string(service)), .init("operation", .string(operation))])
        let labels = [("service", service), ("operation", operation)]
        let help = "Requests answered, by the class of the status"
        self.duration = metrics.histogram(
            "brume_request_duration_seconds",
            help: "From the whole head to the encoded answer",
            labels: labels
        )
        func counter(_ status: String) -> Counter {
            metrics.counter("brume_requests_total", help: help, labels: labels + [("status", status)])
        }
        self.succeeded = counter("2xx")
        self.clientErrors = counter("4xx")
        self.serverErrors = counter("5xx")
    }
}
