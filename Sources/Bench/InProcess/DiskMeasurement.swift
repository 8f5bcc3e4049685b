internal import Foundation

/// The disk alone: 4 KB appended and made durable, again and again. Says what a durable write can cost at best.
struct DiskMeasurement: Measurement {
    static let rowName = "disk append and sync"
    private static let appendBytes = 4096
    private static let share = 0.3
    private static let countMin = 10

    let path: String

    var name: String { Self.rowName }
    var concurrency: Int? { nil }

    func sample(seconds: Double) async throws -> [Metric: Double] {
        let descriptor = unsafe open(self.path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw BenchError.system("opening \(self.path)", errno) }
        defer { close(descriptor) }
        let block = [UInt8](repeating: 0x2E, count: Self.appendBytes)
        var latencies = Latencies(reserving: 4096)
        let begin = monotonicNanoseconds()
        var now = begin
        while latencies.count < Self.countMin || now - begin < Int64(seconds * Self.share * 1e9) {
            let count = unsafe block.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            guard count == block.count, synchronise(descriptor) == 0 else {
                throw BenchError.system("writing \(self.path)", errno)
            }
            let end = monotonicNanoseconds()
            latencies.append(end - now)
            now = end
        }
        var metrics = latencies.metrics
        metrics[.perSecond] = Double(latencies.count) / (Double(now - begin) / 1e9)
        return metrics
    }
}

private func synchronise(_ descriptor: Int32) -> Int32 {
    #if canImport(Darwin)
    fsync(descriptor)
    #else
    fdatasync(descriptor)
    #endif
}
