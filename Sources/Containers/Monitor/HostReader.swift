internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Reads the machine's statistics from Linux's `/proc`; on other systems there are none.
package struct HostReader: Sendable {
    /// A longer file of `/proc` is not read.
    private static let fileBytesMax = 4 << 20

    private let directory: String
    private let disk: String
    private var before: (counters: HostCounters, at: ContinuousClock.Instant)?

    /// - Parameters:
    ///   - disk: a path on the file system that counts.
    ///   - directory: where the kernel tells of itself.
    package init(disk: String, directory: String = "/proc") {
        self.directory = directory
        self.disk = disk
    }

    /// - Parameter now: the time of the reading.
    /// - Returns: nil when the system reports nothing.
    package mutating func read(now: ContinuousClock.Instant) -> HostStatistics? {
        guard let stat = self.text("stat"), let networks = self.text("net/dev"), let memory = self.text("meminfo"),
            let counters = HostCounters(stat: stat, networks: networks)
        else { return nil }
        let seconds = self.before.map { $0.at.duration(to: now) / .seconds(1) } ?? 0
        let statistics = HostStatistics(
            now: counters, before: self.before?.counters, seconds: seconds, memory: memory, disk: self.space())
        self.before = (counters, now)
        return statistics
    }

    private func space() -> (used: UInt64, total: UInt64) {
        var information = statvfs()
        guard unsafe statvfs(self.disk, &information) == 0 else { return (0, 0) }
        let block = UInt64(information.f_frsize)
        let total = UInt64(information.f_blocks) * block
        return (total - min(total, UInt64(information.f_bfree) * block), total)
    }

    private func text(_ name: String) -> String? {
        // Systems differ in what they have; a missing file is a missing figure.
        guard let bytes = try? Files.read("\(self.directory)/\(name)", bytesMax: Self.fileBytesMax) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
