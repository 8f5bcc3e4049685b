internal import Gateway
internal import Synchronization
internal import Telemetry

/// The listener's counters as metrics; read when somebody asks for the exposition.
final class EdgeGauges: Sendable {
    let listener = Mutex<EdgeListener?>(nil)
    private let values: [(gauge: Gauge, read: @Sendable (EdgeMetrics) -> Int)]

    init(_ metrics: MetricRegistry) {
        func gauge(
            _ name: String, _ help: String, _ read: @escaping @Sendable (EdgeMetrics) -> Int
        ) -> (gauge: Gauge, read: @Sendable (EdgeMetrics) -> Int) {
            (metrics.gauge("brume_edge_\(name)", help: help), read)
        }
        self.values = [
            gauge("connections_open", "Connections open now") { $0.connectionsOpen },
            gauge("connections_accepted", "Connections accepted since the start") { $0.connectionsAccepted },
            gauge("connections_refused", "Connections closed at accept: too many") { $0.connectionsRefused },
            gauge("bytes_in", "Plain bytes of requests since the start") { $0.bytesIn },
            gauge("bytes_out", "Plain bytes of answers since the start") { $0.bytesOut },
            gauge("requests_in_flight", "Requests being read or answered now") { $0.requestsInFlight },
            gauge("requests_refused", "Requests that the edge turned away since the start") { $0.requestsRefused },
            gauge("handshakes_failed", "TLS handshakes that failed since the start") { $0.handshakesFailed },
        ]
    }

    func refresh() {
        guard let metrics = self.listener.withLock({ $0 })?.metrics else { return }
        for (gauge, read) in self.values { gauge.set(Int64(read(metrics))) }
    }
}
