internal import Synchronization

/// The listener's counters since its start, for the exposition and for tests.
package struct EdgeMetrics: Sendable, Equatable {
    package var connectionsOpen = 0
    package var connectionsAccepted = 0
    /// Closed at accept because of `EdgeLimits.connectionCountMax`.
    package var connectionsRefused = 0
    /// Bytes of requests, heads included, before TLS encryption.
    package var bytesIn = 0
    /// Bytes of answers, heads included, before TLS encryption.
    package var bytesOut = 0
    package var requestsInFlight = 0
    /// Bytes taken of `EdgeLimits.largeBodyBytesMax`.
    package var largeBodyBytes = 0
    /// Bytes taken of `EdgeLimits.largeAnswerBytesMax`.
    package var largeAnswerBytes = 0
    package var requestsTotal = 0
    /// Requests that the edge itself refused.
    package var requestsRefused = 0
    package var handshakesFailed = 0
}

/// The counters of one event loop. Only that loop writes them, so an addition is a load and a store; any thread may
/// read.
final class LoopCounters: Sendable {
    /// A counter with a single writer.
    struct Counter: ~Copyable, Sendable {
        private let value = Atomic<Int>(0)

        @inline(__always)
        borrowing func add(_ amount: Int) {
            self.value.store(self.value.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
        }

        borrowing func load() -> Int {
            self.value.load(ordering: .relaxed)
        }
    }

    let connectionsOpen = Counter()
    let connectionsAccepted = Counter()
    let connectionsRefused = Counter()
    let bytesIn = Counter()
    let bytesOut = Counter()
    let requestsInFlight = Counter()
    let requestsTotal = Counter()
    let requestsRefused = Counter()
    let handshakesFailed = Counter()

    func add(to metrics: inout EdgeMetrics) {
        metrics.connectionsOpen += self.connectionsOpen.load()
        metrics.connectionsAccepted += self.connectionsAccepted.load()
        metrics.connectionsRefused += self.connectionsRefused.load()
        metrics.bytesIn += self.bytesIn.load()
        metrics.bytesOut += self.bytesOut.load()
        metrics.requestsInFlight += self.requestsInFlight.load()
        metrics.requestsTotal += self.requestsTotal.load()
        metrics.requestsRefused += self.requestsRefused.load()
        metrics.handshakesFailed += self.handshakesFailed.load()
    }
}
