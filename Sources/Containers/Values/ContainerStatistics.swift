internal import ServiceModel

/// What a container uses, as one sample of the engine's says.
package struct ContainerStatistics: Sendable {
    /// In percent of one processor: 150 is one and a half. nil in a first sample, which has nothing to compare with.
    package var cpuPercent: Double?
    /// Time that it had of the processors since it started, in nanoseconds, and when that was read: the next sample is
    /// compared with it, of an engine that compares none itself.
    private let processorTime: (nanoseconds: Int64, at: ContinuousClock.Instant)?
    package var memoryBytes: Int64
    /// What it may use; the whole machine's where it has no limit.
    package var memoryLimitBytes: Int64
    package var networkReceivedBytes: Int64
    package var networkSentBytes: Int64
    package var blockReadBytes: Int64
    package var blockWrittenBytes: Int64
    package var processes: Int
    /// Periods in which it was held back, and all periods, since it started.
    package var throttledPeriods: Int64
    package var periods: Int64

    package var memoryPercent: Double {
        self.memoryLimitBytes > 0 ? Double(self.memoryBytes) / Double(self.memoryLimitBytes) * 100 : 0
    }

    /// Reads a sample of `GET /containers/{id}/stats`; nil where it holds no figures, as of one that has stopped.
    /// - Source: Docker Engine API, ContainerStats: used memory without the cache that may go, processor time over the
    ///   machine's in the same while, times its processors.
    init?(_ document: Document) {
        let memory = document["memory_stats"]
        guard let usage = Self.number(memory?["usage"]) else { return nil }
        // Version 1 of control groups, then version 2.
        let statistics = memory?["stats"]
        let cache = Self.number(statistics?["total_inactive_file"]) ?? Self.number(statistics?["inactive_file"]) ?? 0
        self.memoryBytes = max(0, usage - min(cache, usage))
        self.memoryLimitBytes = Self.number(memory?["limit"]) ?? 0
        self.cpuPercent = Self.cpuPercent(document["cpu_stats"], document["precpu_stats"])
        self.processorTime = Self.number(document["cpu_stats"]?["cpu_usage"]?["total_usage"]).map { ($0, .now) }
        let networks = (document["networks"]?.members ?? []).map(\.value)
        self.networkReceivedBytes = Self.sum(networks.map { Self.number($0["rx_bytes"]) })
        self.networkSentBytes = Self.sum(networks.map { Self.number($0["tx_bytes"]) })
        let blocks = document["blkio_stats"]?["io_service_bytes_recursive"]?.elements ?? []
        self.blockReadBytes = Self.sum(blocks.filter { Self.isOperation($0, "read") }.map { Self.number($0["value"]) })
        self.blockWrittenBytes = Self.sum(
            blocks.filter { Self.isOperation($0, "write") }.map { Self.number($0["value"]) })
        self.processes = document["pids_stats"]?["current"]?.integer ?? 0
        let throttling = document["cpu_stats"]?["throttling_data"]
        self.throttledPeriods = Self.number(throttling?["throttled_periods"]) ?? 0
        self.periods = Self.number(throttling?["periods"]) ?? 0
    }

    private static func cpuPercent(_ now: Document?, _ before: Document?) -> Double? {
        guard let used = self.number(now?["cpu_usage"]?["total_usage"]),
            let usedBefore = self.number(before?["cpu_usage"]?["total_usage"]),
            let system = self.number(now?["system_cpu_usage"]),
            let systemBefore = self.number(before?["system_cpu_usage"]), system > systemBefore, used >= usedBefore
        else { return nil }
        let listed = now?["cpu_usage"]?["percpu_usage"]?.elements.count ?? 0
        let processors = self.number(now?["online_cpus"]).map(Double.init) ?? Double(max(listed, 1))
        return Double(used - usedBefore) / Double(system - systemBefore) * processors * 100
    }

    /// Takes the processor's share from an earlier sample where the engine has told none. Podman, asked once, does not;
    /// the machine's time that it tells is no measure, since on older control groups it stands still with the machine.
    mutating func compare(with earlier: ContainerStatistics?) {
        guard self.cpuPercent == nil, let now = self.processorTime, let before = earlier?.processorTime,
            now.nanoseconds >= before.nanoseconds, now.at > before.at
        else { return }
        self.cpuPercent =
            Double(now.nanoseconds - before.nanoseconds) / (before.at.duration(to: now.at) / .nanoseconds(1)) * 100
    }

    /// The engine counts in 64 bits without a sign; nobody comes so far. What is below zero is no count.
    private static func number(_ document: Document?) -> Int64? {
        document?.numberText.flatMap { UInt64($0) }.map { Int64(clamping: $0) }
    }

    private static func sum(_ numbers: [Int64?]) -> Int64 {
        numbers.reduce(0) { sum, number in
            let (result, isOver) = sum.addingReportingOverflow(number ?? 0)
            return isOver ? .max : result
        }
    }

    private static func isOperation(_ entry: Document, _ name: String) -> Bool {
        entry["op"]?.text?.lowercased() == name
    }
}
