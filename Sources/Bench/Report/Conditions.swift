internal import Foundation

/// Under what conditions figures came about; figures of different conditions say nothing about each other.
struct Conditions: Codable {
    let time: String
    let buildMode: String
    let kernel: String
    let processor: String
    let coreCount: Int
    let pinning: String
    let rounds: Int
    let secondsPerSample: Double
    /// What a write waits for before it is answered.
    let durability: String
    /// The median of `DiskMeasurement` on the directory of the data.
    let syncMicroseconds: Double?
    /// Load of the machine in the last minute: other work shows here.
    let loadAverage: Double

    /// Of this process, now.
    static func here(rounds: Int, seconds: Double, pinning: Pinning, rows: [Row]) -> Conditions {
        let disk = rows.first { $0.name == DiskMeasurement.rowName }
        return Conditions(
            time: ISO8601DateFormatter().string(from: Date(timeIntervalSinceNow: 0)),
            buildMode: Self.buildMode,
            kernel: Self.kernel,
            processor: Self.processor,
            coreCount: ProcessInfo.processInfo.activeProcessorCount,
            pinning: pinning.description,
            rounds: rounds,
            secondsPerSample: seconds,
            durability: "durable",
            syncMicroseconds: disk?.spread(.p50Microseconds)?.median,
            loadAverage: Self.loadAverage
        )
    }

    /// Lines for people.
    var lines: [String] {
        let sync = self.syncMicroseconds.map { "\(Spread.text($0)) µs (median of 4 KB append and sync)" }
        return [
            "time         \(self.time)",
            "build        \(self.buildMode)" + (self.buildMode == "release" ? "" : " — these figures say nothing"),
            "machine      \(self.coreCount) cores, \(self.processor), \(self.kernel), load \(self.loadAverage)",
            "pinning      \(self.pinning)",
            "servers      1 event loop each, plain HTTP on the loopback, keep-alive, SigV4 verified",
            "durability   \(self.durability): a write is answered when the disk has it",
            "disk         \(sync ?? "not measured")",
            "samples      \(self.rounds) of \(self.secondsPerSample) s each, interleaved; median (least–greatest)",
        ]
    }

    private static var buildMode: String {
        #if DEBUG
        "debug"
        #else
        "release"
        #endif
    }

    private static var kernel: String {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return "unknown" }
        func text<Field>(_ field: Field) -> String {
            unsafe withUnsafeBytes(of: field) { unsafe String(decoding: Array($0).prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(name.sysname)) \(text(name.release)) \(text(name.machine))"
    }

    private static var processor: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "processor unknown"
    }

    private static var loadAverage: Double {
        var values = [0.0]
        unsafe getloadavg(&values, 1)
        return values[0]
    }
}
