/// What this machine has for models, as its own tools say.
package enum MachineMemory {
    /// The first device that `nvidia-smi` names; `DeviceProfile.none` where there is none, or no such program.
    package static func device() async -> DeviceProfile {
        let program = EngineProgram(path: "nvidia-smi", origin: .path)
        guard let lines = await program.ask(NvidiaSMI.arguments),
            let devices = try? NvidiaSMI.parse(lines.joined(separator: "\n"))
        else { return DeviceProfile.none }
        return devices.first ?? DeviceProfile.none
    }

    /// Bytes that programs may still take; nil where the system does not say.
    package static func availableBytes() -> UInt64? {
        guard let bytes = try? Disk.read("/proc/meminfo", bytesMax: 1 << 20) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard line.hasPrefix("MemAvailable:") else { continue }
            let words = line.split(separator: " ")
            return words.count > 1 ? UInt64(words[1]).map { $0 << 10 } : nil
        }
        return nil
    }
}
