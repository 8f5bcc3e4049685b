internal import Gateway
internal import Synchronization
internal import Telemetry

/// The listeners' numbers as metrics, summed over all listeners; read on demand, for the exposition.
final class EdgeGauges: Sendable {
    typealias Read = @Sendable (EdgeMetrics) -> Int

    let listeners = Mutex<[EdgeListener]>([])
    let metrics: MetricRegistry
    private let gauges: [(gauge: Gauge, read: Read)]
    private let counters: [(counter: Counter, read: Read)]

    init(_ metrics: MetricRegistry, _ memory: RequestMemory) {
        self.metrics = metrics
        func gauge(_ name: String, _ help: String, _ read: @escaping Read) -> (gauge: Gauge, read: Read) {
            (metrics.gauge("brume_edge_\(name)", help: help), read)
        }
        func counter(_ name: String, _ help: String, _ read: @escaping Read) -> (counter: Counter, read: Read) {
            (metrics.counter("brume_edge_\(name)_total", help: help), read)
        }
        self.gauges = [
            gauge("connections_open", "Connections open now") { $0.connectionsOpen },
            gauge("requests_in_flight", "Requests being read or answered now") { $0.requestsInFlight },
            gauge("large_answer_bytes", "Bytes of large answers that clients have not taken now") {
                $0.largeAnswerBytes
            },
            gauge("large_body_bytes", "Bytes reserved for large request bodies now") { $0.largeBodyBytes },
            gauge("large_input_bytes", "Bytes reserved for what is made of large request bodies now") { _ in
                memory.inputs.heldBytes
            },
        ]
        self.counters = [
            counter("connections_accepted", "Connections accepted since the start") { $0.connectionsAccepted },
            counter("connections_refused", "Connections closed at accept: too many") { $0.connectionsRefused },
            counter("bytes_in", "Plain bytes of requests since the start") { $0.bytesIn },
            counter("bytes_out", "Plain bytes of answers since the start") { $0.bytesOut },
            counter("requests_refused", "Requests that the edge turned away since the start") { $0.requestsRefused },
            counter("handshakes_failed", "TLS handshakes that failed since the start") { $0.handshakesFailed },
        ]
    }

    func refresh() {
        self.listeners.withLock { listeners in
            guard !listeners.isEmpty else { return }
            let metrics = EdgeListener.metrics(of: listeners)
            for (gauge, read) in self.gauges { gauge.set(Int64(read(metrics))) }
            // Under the lock, so that of two concurrent readers only one adds what is new.
            for (counter, read) in self.counters {
                counter.increment(by: UInt64(max(0, read(metrics) - Int(counter.value))))
            }
        }
    }
}
