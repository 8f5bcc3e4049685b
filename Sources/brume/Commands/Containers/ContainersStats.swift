internal import ArgumentParser
internal import Containers
internal import Server

extension ContainersCommand {
    /// `brume containers stats`
    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the resource usage of this machine and of the containers that run Brume.",
            usage: "brume containers stats [<options>]",
            discussion: "On a terminal, updates the table every two seconds until Ctrl-C; elsewhere prints it once."
        )

        @OptionGroup var engine: EngineOptions

        @Flag(name: .customLong("no-stream"), help: "Print the table once.")
        var once = false

        @Option(help: "Output format; json is printed once.")
        var output: OutputFormat = .text

        private static let pauseSeconds = 2.0

        func run() async throws {
            let monitor = ContainerAccess.display(socket: self.engine.socket)
            // Usage is the difference of two readings. Docker's engine itself takes a second for one; without
            // containers, or with Podman's engine, the second is waited for here.
            let second = ContinuousClock.now + .seconds(1)
            await monitor.measure(seconds: 0)
            if let failure = monitor.snapshot.containerFailure { throw Exit.failure(Exit(failure), failure.sentence) }
            try await Task.sleep(until: second)
            let isLive = !self.once && self.output == .text && Terminal.isScreen()
            repeat {
                await monitor.measure(seconds: Self.pauseSeconds)
                let snapshot = monitor.snapshot
                switch self.output {
                case .json: Terminal.output(snapshot.json)
                case .text:
                    let text = snapshot.lines.joined(separator: "\n")
                    // From the upper left corner, each line to its end, and nothing below.
                    Terminal.output(
                        isLive
                            ? "\u{1B}[H" + text.replacing("\n", with: "\u{1B}[K\n") + "\u{1B}[K\n\u{1B}[J" : text)
                }
                if isLive { try await Task.sleep(for: .seconds(Self.pauseSeconds)) }
            } while isLive
        }
    }
}

extension ResourceMonitor.Snapshot {
    /// For people: a line for the machine, one for each device, and a table.
    var lines: [String] {
        var lines: [String] = []
        if let host = self.host {
            let cpu = host.cpuPercent.map { "cpu \(tenth($0)) %, " } ?? ""
            lines.append(
                "machine  \(cpu)memory \(bytes(host.memoryUsedBytes)) of \(bytes(host.memoryTotalBytes)), "
                    + "disk \(bytes(host.diskUsedBytes)) of \(bytes(host.diskTotalBytes))")
        }
        for device in self.devices {
            let busy = device.busyPercent.map { "busy \(tenth($0)) %, " } ?? ""
            lines.append(
                "gpu \(device.index)    \(device.name), \(busy)memory \(bytes(device.memoryUsedBytes)) of "
                    + bytes(device.memoryTotalBytes))
        }
        let rows = self.containers.map { name, now in
            [
                name, now.cpuPercent.map { "\(tenth($0)) %" } ?? "-",
                "\(bytes(UInt64(now.memoryBytes))) of \(bytes(UInt64(now.memoryLimitBytes)))",
                "\(tenth(now.memoryPercent)) %",
                "\(bytes(UInt64(now.networkReceivedBytes))) / \(bytes(UInt64(now.networkSentBytes)))",
                "\(bytes(UInt64(now.blockReadBytes))) / \(bytes(UInt64(now.blockWrittenBytes)))",
                String(now.processes), "\(now.throttledPeriods) of \(now.periods)",
            ]
        }
        lines.append("")
        guard !rows.isEmpty else { return lines + ["No container runs Brume."] }
        let head = ["NAME", "CPU", "MEMORY", "", "NETWORK IN / OUT", "BLOCKS READ / WRITTEN", "PIDS", "THROTTLED"]
        return lines + TextTable.lines([head] + rows)
    }

    /// For programs.
    var json: String {
        let host = self.host.map { host in
            "{\"cpuPercent\":\(host.cpuPercent.map { tenth($0) } ?? "null"),"
                + "\"memoryUsedBytes\":\(host.memoryUsedBytes),\"memoryTotalBytes\":\(host.memoryTotalBytes),"
                + "\"diskUsedBytes\":\(host.diskUsedBytes),\"diskTotalBytes\":\(host.diskTotalBytes)}"
        }
        let devices = self.devices.map { device in
            "{\"index\":\(device.index),\"name\":\(quoted(device.name)),"
                + "\"busyPercent\":\(device.busyPercent.map { tenth($0) } ?? "null"),"
                + "\"memoryUsedBytes\":\(device.memoryUsedBytes),\"memoryTotalBytes\":\(device.memoryTotalBytes)}"
        }
        let containers = self.containers.map { name, now in
            "{\"name\":\(quoted(name)),\"cpuPercent\":\(now.cpuPercent.map { tenth($0) } ?? "null"),"
                + "\"memoryBytes\":\(now.memoryBytes),\"memoryLimitBytes\":\(now.memoryLimitBytes),"
                + "\"networkReceivedBytes\":\(now.networkReceivedBytes),\"networkSentBytes\":\(now.networkSentBytes),"
                + "\"blockReadBytes\":\(now.blockReadBytes),\"blockWrittenBytes\":\(now.blockWrittenBytes),"
                + "\"pids\":\(now.processes),\"throttledPeriods\":\(now.throttledPeriods),\"periods\":\(now.periods)}"
        }
        return "{\"machine\":\(host ?? "null"),\"gpus\":[\(devices.joined(separator: ","))],"
            + "\"containers\":[\(containers.joined(separator: ","))]}"
    }
}

/// With one digit behind the point; of what no machine has, as much as can be written.
private func tenth(_ value: Double) -> String {
    let tenths = Int(exactly: (value * 10).rounded()) ?? .max
    return "\(tenths / 10).\(abs(tenths % 10))"
}

/// Such as `1.5 GiB`.
private func bytes(_ count: UInt64) -> String {
    var value = Double(count)
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024 { return unit == "B" ? "\(count) B" : "\(tenth(value)) \(unit)" }
        value /= 1024
    }
    return "\(tenth(value)) TiB"
}
