internal import Foundation

/// Keeps a number of connections busy from one thread: each sends its next request when its answer has come.
///
/// With a core of its own the thread never sleeps: a server that is slower than the load would else also pay, in every
/// answer's `write`, for waking it on the other core, which a server that is faster does not.
struct LoadGenerator {
    /// Long before this a working server has answered one of its connections.
    private static let silenceNanoseconds: Int64 = 10_000_000_000
    private static let waitMilliseconds: Int32 = 100
    /// The share of a sample's time that passes before it, for connections to be accepted and caches to fill.
    private static let warmUpShare = 0.1

    let port: UInt16
    /// Of the process that answers.
    let cpuClock: CPUClock?
    let connectionCount: Int
    /// Whether no server needs the core of the load; where one does, waiting must leave it free.
    let hasOwnCore: Bool

    /// What came of one run.
    struct Sample {
        var latencies = Latencies()
        var wallNanoseconds: Int64 = 0
        var cpuNanoseconds: Int64?

        var metrics: [Metric: Double] {
            var metrics = self.latencies.metrics
            let count = Double(max(self.latencies.count, 1))
            metrics[.perSecond] = Double(self.latencies.count) / (Double(self.wallNanoseconds) / 1e9)
            if let cpuNanoseconds = self.cpuNanoseconds {
                metrics[.cpuMicroseconds] = Double(cpuNanoseconds) / count / 1000
            }
            return metrics
        }
    }

    private enum Phase {
        case warmUp
        case measuring
        case draining
    }

    /// Sends the requests in turn, again and again, for about that long. Blocks.
    /// - Throws: on any answer that is not 200.
    func run(_ requests: [[UInt8]], seconds: Double) throws -> Sample {
        let connections = try (0..<self.connectionCount).map { _ in try LoadConnection(port: self.port) }
        var poller = Poller()
        for connection in connections { poller.add(connection.socket) }
        var next = 0
        func send(_ connection: LoadConnection) throws {
            try connection.send(requests[next])
            next = next + 1 == requests.count ? 0 : next + 1
        }
        let begin = monotonicNanoseconds()
        let warmUpEnd = begin + Int64(seconds * Self.warmUpShare * 1e9)
        for connection in connections { try send(connection) }
        var sample = Sample()
        var phase = Phase.warmUp
        var startedAt: Int64 = 0
        var cpuAtStart: Int64?
        var openCount = connections.count
        var lastAnswer = begin
        while openCount > 0 {
            let readyCount = try poller.wait(milliseconds: self.hasOwnCore ? 0 : Self.waitMilliseconds) { index in
                let connection = connections[index]
                guard try connection.receive() else { return }
                if phase == .measuring { sample.latencies.append(monotonicNanoseconds() - connection.sentAt) }
                if phase == .draining {
                    openCount -= 1
                } else {
                    try send(connection)
                }
            }
            let now = monotonicNanoseconds()
            if readyCount > 0 { lastAnswer = now }
            guard now - lastAnswer < Self.silenceNanoseconds else {
                throw BenchError("no answer within \(Self.silenceNanoseconds / 1_000_000_000) s")
            }
            switch phase {
            case .warmUp where now >= warmUpEnd:
                phase = .measuring
                startedAt = now
                cpuAtStart = self.cpuClock?.nanoseconds
            case .measuring where now >= startedAt + Int64(seconds * 1e9):
                phase = .draining
                sample.wallNanoseconds = now - startedAt
                if let cpuAtStart { sample.cpuNanoseconds = self.cpuClock.map { $0.nanoseconds - cpuAtStart } }
            default: break
            }
        }
        return sample
    }
}
