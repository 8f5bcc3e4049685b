internal import Synchronization
package import Telemetry

/// Measures the utilisation of the machine and of Brume's containers periodically, as metrics of `ContainerInsights`.
///
/// The names are those of CloudWatch's Container Insights for ECS, with containers in the place of tasks.
/// - Source: CloudWatch user guide, "Amazon ECS Container Insights metrics".
package final class ResourceMonitor: Sendable {
    package static let namespace = "ContainerInsights"
    /// The cluster name of every series, which stands for this machine.
    package static let cluster = "brume"
    /// Seconds between two measurements.
    package static let pauseSecondsDefault = 10.0
    /// The most containers that are measured: the first by name.
    package static let containerCountMax = 100

    /// The measurements of one moment.
    package struct Snapshot: Sendable {
        package var host: HostStatistics?
        package var devices: [DeviceStatistics] = []
        /// By name; running containers only.
        package var containers: [(name: String, statistics: ContainerStatistics)] = []
        /// Why the containers could not be measured.
        package var containerFailure: ContainerEngineError?
    }

    /// Connects to the container engine.
    package typealias Connection = @Sendable () async throws(ContainerEngineError) -> ContainerEngine

    private let hostName: String
    private let reader: Mutex<HostReader>
    private let devices: @Sendable () async -> [DeviceStatistics]
    private let engine: Connection?
    private let record: @Sendable (MetricDatum) -> Void
    private let last = Mutex(Snapshot())
    private let known = Mutex<[String: ContainerStatistics]>([:])

    /// - Parameters:
    ///   - hostName: names the machine in the metrics.
    ///   - reader: of the machine.
    ///   - devices: asks for the graphics processors.
    ///   - engine: connects to the container engine; nil: no container is looked at.
    ///   - record: takes the metrics.
    package init(
        hostName: String, reader: HostReader, devices: @escaping @Sendable () async -> [DeviceStatistics],
        engine: Connection?,
        record: @escaping @Sendable (MetricDatum) -> Void
    ) {
        self.hostName = hostName
        self.reader = Mutex(reader)
        self.devices = devices
        self.engine = engine
        self.record = record
    }

    /// The last measurements.
    package var snapshot: Snapshot { self.last.withLock { $0 } }

    /// Measures until the task is cancelled.
    /// - Parameters:
    ///   - pauseSeconds: between two measurements, which take a second or two of their own.
    ///   - tell: hears why the containers cannot be measured, when that is another reason than before; nil where they
    ///     can be again.
    package func run(
        pauseSeconds: Double = ResourceMonitor.pauseSecondsDefault,
        tell: @Sendable (ContainerEngineError?) -> Void = { _ in }
    ) async {
        var failure: ContainerEngineError?
        var last = ContinuousClock.now
        while !Task.isCancelled {
            let begun = ContinuousClock.now
            await self.measure(seconds: last.duration(to: begun) / .seconds(1))
            last = begun
            let now = self.snapshot.containerFailure
            if now != failure { tell(now) }
            failure = now
            // Ended early by the server's stop only, which the loop's condition sees.
            try? await Task.sleep(for: .seconds(pauseSeconds))
        }
    }

    /// Measures once.
    /// - Parameter seconds: since the last time began, for what is told a second; 0 where there was none.
    package func measure(seconds: Double) async {
        var snapshot = Snapshot()
        snapshot.host = self.reader.withLock { $0.read(now: .now) }
        snapshot.devices = await self.devices()
        if let engine = self.engine {
            do throws(ContainerEngineError) {
                snapshot.containers = try await Self.containers(try await engine())
            } catch {
                snapshot.containerFailure = error
            }
        }
        let known = self.known.withLock { $0 }
        for index in snapshot.containers.indices {
            snapshot.containers[index].statistics.compare(with: known[snapshot.containers[index].name])
        }
        if let host = snapshot.host { self.tell(host) }
        for device in snapshot.devices { self.tell(device) }
        self.tell(snapshot.containers, seconds)
        let measured = snapshot
        self.last.withLock { $0 = measured }
    }

    /// Concurrently, because the engine takes a second for each.
    private static func containers(
        _ engine: ContainerEngine
    ) async throws(ContainerEngineError) -> [(name: String, statistics: ContainerStatistics)] {
        let running = try await engine.list().filter(\.isRunning).prefix(self.containerCountMax)
        if !running.isEmpty { try await engine.demandControlGroups() }
        let found = await withTaskGroup(of: (String, ContainerStatistics)?.self) { group in
            for container in running {
                group.addTask {
                    // One that has ended meanwhile has no figures, and the list has told of a failing engine.
                    guard let statistics = try? await engine.statistics(container.id) else { return nil }
                    return (container.name, statistics)
                }
            }
            var found: [(name: String, statistics: ContainerStatistics)] = []
            for await entry in group { if let entry { found.append(entry) } }
            return found
        }
        return found.sorted { $0.name < $1.name }
    }

    // Metrics

    private func tell(_ host: HostStatistics) {
        let machine = [MetricDatum.Dimension("InstanceId", self.hostName)]
        if let cpu = host.cpuPercent { self.tell("instance_cpu_utilization", cpu, "Percent", machine) }
        self.tell("instance_memory_utilization", host.memoryPercent, "Percent", machine)
        self.tell("instance_filesystem_utilization", host.diskPercent, "Percent", machine)
        if let network = host.networkBytesPerSecond {
            self.tell("instance_network_total_bytes", network, "Bytes/Second", machine)
        }
    }

    private func tell(_ device: DeviceStatistics) {
        let dimensions = [
            MetricDatum.Dimension("GpuDevice", String(device.index)),
            MetricDatum.Dimension("InstanceId", self.hostName),
        ]
        if let busy = device.busyPercent { self.tell("instance_gpu_utilization", busy, "Percent", dimensions) }
        guard device.memoryTotalBytes > 0 else { return }
        let percent = Double(device.memoryUsedBytes) / Double(device.memoryTotalBytes) * 100
        self.tell("instance_gpu_memory_utilization", percent, "Percent", dimensions)
    }

    private func tell(_ containers: [(name: String, statistics: ContainerStatistics)], _ seconds: Double) {
        let before = self.known.withLock { $0 }
        for (name, now) in containers {
            let dimensions = [MetricDatum.Dimension("ContainerName", name)]
            // CloudWatch counts 1,024 CPU units for a whole processor.
            if let cpu = now.cpuPercent { self.tell("CpuUtilized", cpu / 100 * 1024, "None", dimensions) }
            self.tell("MemoryUtilized", Double(now.memoryBytes) / 1_048_576, "Megabytes", dimensions)
            self.tell("MemoryReserved", Double(now.memoryLimitBytes) / 1_048_576, "Megabytes", dimensions)
            guard let earlier = before[name], seconds > 0 else { continue }
            for (metric, path) in Self.rates {
                // The counters of a restarted container begin at zero.
                let bytes = max(0, now[keyPath: path] - earlier[keyPath: path])
                self.tell(metric, Double(bytes) / seconds, "Bytes/Second", dimensions)
            }
        }
        self.known.withLock { known in
            known = Dictionary(containers.map { ($0.name, $0.statistics) }) { first, _ in first }
        }
    }

    private static var rates: [(String, KeyPath<ContainerStatistics, Int64>)] {
        [
            ("NetworkRxBytes", \.networkReceivedBytes), ("NetworkTxBytes", \.networkSentBytes),
            ("StorageReadBytes", \.blockReadBytes), ("StorageWriteBytes", \.blockWrittenBytes),
        ]
    }

    private func tell(_ name: String, _ value: Double, _ unit: String, _ dimensions: [MetricDatum.Dimension]) {
        let all = [MetricDatum.Dimension("ClusterName", Self.cluster)] + dimensions
        self.record(
            MetricDatum(
                namespace: Self.namespace, name: name, dimensions: all.sorted { $0.name < $1.name }, value: value,
                unit: unit))
    }
}
