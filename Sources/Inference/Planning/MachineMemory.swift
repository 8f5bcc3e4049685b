/// The memory of this machine for models, as reported by its own tools.
package enum MachineMemory {
    /// The memory of the machine, or of this process's container.
    package struct Host: Sendable, Equatable {
        package var totalBytes: UInt64
        /// Memory that programs may still use; the page cache counts as free.
        package var availableBytes: UInt64

        package init(totalBytes: UInt64, availableBytes: UInt64) {
            self.totalBytes = totalBytes
            self.availableBytes = availableBytes
        }
    }

    private static let textBytesMax = 1 << 20

    /// The first device that `nvidia-smi` lists; `DeviceProfile.none` without one, or without the program.
    package static func device() async -> DeviceProfile {
        let program = EngineProgram(path: "nvidia-smi", origin: .path)
        guard let lines = await program.ask(NvidiaSMI.arguments),
            let devices = try? NvidiaSMI.parse(lines.joined(separator: "\n"))
        else { return DeviceProfile.none }
        return devices.first ?? DeviceProfile.none
    }

    /// Memory that programs may still use; nil if the system does not report it.
    package static func availableBytes() -> UInt64? { self.host()?.availableBytes }

    /// nil if the system does not report it.
    ///
    /// `files` are those of Linux: `/proc/meminfo`, and the directory of a container's control group.
    package static func host(
        _ files: (memory: String, group: String) = ("/proc/meminfo", "/sys/fs/cgroup")
    ) -> Host? {
        guard let text = self.text(files.memory), let total = self.kilobytes("MemTotal:", in: text),
            let available = self.kilobytes("MemAvailable:", in: text)
        else { return nil }
        var host = Host(totalBytes: total, availableBytes: available)
        // Without a limit the file contains "max".
        guard let bound = self.text("\(files.group)/memory.max").flatMap(self.number), bound < total,
            let used = self.text("\(files.group)/memory.current").flatMap(self.number)
        else { return host }
        let kept = self.text("\(files.group)/memory.stat").flatMap { self.value("file", in: $0) } ?? 0
        let taken = used - min(used, kept)
        host.totalBytes = bound
        host.availableBytes = min(available, bound - min(bound, taken))
        return host
    }

    private static func text(_ path: String) -> String? {
        // Systems differ; a missing file means a missing value.
        guard let bytes = try? Disk.read(path, bytesMax: self.textBytesMax) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func number(_ text: String) -> UInt64? {
        text.split(whereSeparator: \.isWhitespace).first.flatMap { UInt64($0) }
    }

    private static func kilobytes(_ name: String, in text: String) -> UInt64? {
        self.value(name, in: text).flatMap { $0 < 1 << 50 ? $0 << 10 : nil }
    }

    /// The number after a line's first word.
    private static func value(_ name: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count > 1, words[0] == name { return UInt64(words[1]) }
        }
        return nil
    }
}
