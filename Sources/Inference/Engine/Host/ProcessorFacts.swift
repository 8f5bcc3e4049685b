#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Facts about this machine's CPU.
enum ProcessorFacts {
    private static let textBytesMax = 4 << 20

    /// Physical cores, without the second threads of hyper-threading; the online CPUs if this is unknown.
    static let physicalCoreCount: Int = {
        let online = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        guard let text = EngineFiles.text("/proc/cpuinfo", bytesMax: Self.textBytesMax) else { return online }
        var cores: Set<String> = []
        var socket = ""
        for line in text.split(separator: "\n") {
            let value = line.split(separator: ":", maxSplits: 1).last.map(String.init) ?? ""
            if line.hasPrefix("physical id") { socket = value }
            if line.hasPrefix("core id") { cores.insert(socket + value) }
        }
        return cores.isEmpty ? online : min(online, cores.count)
    }()
}
