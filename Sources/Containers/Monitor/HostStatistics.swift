/// Counters of the machine; statistics are computed from two readings.
package struct HostCounters: Sendable, Equatable {
    /// The processors' busy time, and their total time, in ticks.
    package var cpuBusy: UInt64
    package var cpuAll: UInt64
    /// Bytes over all network interfaces but the loopback one.
    package var networkReceived: UInt64
    package var networkSent: UInt64

    /// Reads `/proc/stat` and `/proc/net/dev`; nil for texts of another kind.
    /// - Source: proc_stat(5), proc_pid_net(5). Guests' time is in that of users already.
    package init?(stat: String, networks: String) {
        guard let line = stat.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix("cpu ") }) else {
            return nil
        }
        let ticks = line.split(separator: " ").dropFirst().prefix(8).map { UInt64($0) ?? 0 }
        guard ticks.count >= 4 else { return nil }
        self.cpuAll = ticks.reduce(0, &+)
        let waiting = ticks.count > 4 ? ticks[4] : 0
        self.cpuBusy = self.cpuAll &- ticks[3] &- waiting
        self.networkReceived = 0
        self.networkSent = 0
        for line in networks.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon].drop { $0 == " " }
            let fields = line[line.index(after: colon)...].split(separator: " ").map { UInt64($0) ?? 0 }
            guard name != "lo", fields.count >= 9 else { continue }
            self.networkReceived &+= fields[0]
            self.networkSent &+= fields[8]
        }
    }
}

/// The utilisation of the machine.
package struct HostStatistics: Sendable, Equatable {
    /// Of all processors together, 0 to 100; nil in a first reading.
    package var cpuPercent: Double?
    package var memoryUsedBytes: UInt64
    package var memoryTotalBytes: UInt64
    /// Of the file system that holds the data directory.
    package var diskUsedBytes: UInt64
    package var diskTotalBytes: UInt64
    /// In both directions; nil in a first reading.
    package var networkBytesPerSecond: Double?

    package var memoryPercent: Double { Self.percent(self.memoryUsedBytes, self.memoryTotalBytes) }
    package var diskPercent: Double { Self.percent(self.diskUsedBytes, self.diskTotalBytes) }

    /// - Parameters:
    ///   - now: this reading's counters.
    ///   - before: an earlier one's.
    ///   - seconds: between them.
    ///   - memory: the text of `/proc/meminfo`.
    ///   - disk: bytes used, and in all.
    package init?(
        now: HostCounters, before: HostCounters?, seconds: Double, memory: String, disk: (used: UInt64, total: UInt64)
    ) {
        guard let total = Self.kibibytes("MemTotal:", in: memory),
            let available = Self.kibibytes("MemAvailable:", in: memory), available <= total
        else { return nil }
        self.memoryTotalBytes = total << 10
        self.memoryUsedBytes = (total - available) << 10
        self.diskUsedBytes = disk.used
        self.diskTotalBytes = disk.total
        guard let before, seconds > 0, now.cpuAll > before.cpuAll, now.cpuBusy >= before.cpuBusy else { return }
        self.cpuPercent = Double(now.cpuBusy - before.cpuBusy) / Double(now.cpuAll - before.cpuAll) * 100
        // The counters of an interface that disappeared are gone, so the sum may have decreased.
        let bytes = now.networkReceived &+ now.networkSent
        let bytesBefore = before.networkReceived &+ before.networkSent
        self.networkBytesPerSecond = bytes >= bytesBefore ? Double(bytes - bytesBefore) / seconds : 0
    }

    private static func percent(_ part: UInt64, _ whole: UInt64) -> Double {
        whole > 0 ? Double(part) / Double(whole) * 100 : 0
    }

    private static func kibibytes(_ name: String, in text: String) -> UInt64? {
        guard let line = text.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix(name) }) else {
            return nil
        }
        let fields = line.split(separator: " ")
        guard fields.count == 3, fields[2] == "kB", let value = UInt64(fields[1]), value < 1 << 50 else { return nil }
        return value
    }
}
