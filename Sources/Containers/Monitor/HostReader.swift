#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Reads what Linux says of the machine. Elsewhere, where there is no `/proc`, it reads nothing.
package struct HostReader: Sendable {
    /// A file of `/proc` that is longer is not read to its end.
    private static let fileBytesMax = 1 << 20

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
    /// - Returns: nil where the system says nothing.
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
        let descriptor = unsafe open("\(self.directory)/\(name)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < Self.fileBytesMax {
            let count = unsafe piece.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
