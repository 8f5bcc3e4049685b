/// Parses `llama-server --list-devices`: the devices that the engine supports.
package enum DeviceList {
    /// The arguments to call it with.
    package static let arguments = ["--list-devices"]

    /// Parses lines such as `  CUDA0: NVIDIA GeForce RTX 3090 (24151 MiB, 23800 MiB free)`; other lines are ignored.
    ///
    /// A device without a free size is assumed to be entirely free, and is not `isLive`.
    /// - Source: llama.cpp's `common/arg.cpp`.
    package static func parse(_ lines: [String]) -> [MachineRoom.Device] {
        var devices: [MachineRoom.Device] = []
        for line in lines where line.hasPrefix("  ") && devices.count < NvidiaSMI.deviceCountMax {
            guard let colon = line.firstIndex(of: ":"), let open = line.lastIndex(of: "("), colon < open,
                line.hasSuffix(")")
            else { continue }
            let id = line[..<colon].drop { $0 == " " }
            let name = line[line.index(after: colon)..<open].split(separator: " ").joined(separator: " ")
            let sizes = line[line.index(after: open)...].dropLast().split(separator: ",").map { part in
                part.split(separator: " ").first.flatMap { UInt64($0) }
            }
            guard !id.isEmpty, !name.isEmpty, let total = sizes.first ?? nil, (1...1 << 30).contains(total) else {
                continue
            }
            let free = sizes.count > 1 ? sizes[1] : nil
            let profile = DeviceProfile(
                name: name, memoryBytes: total << 20, freeBytes: free.map { min($0, total) << 20 },
                bytesPerSecond: DeviceProfile.bytesPerSecond(ofDeviceNamed: name))
            devices.append(MachineRoom.Device(id: String(id), profile: profile, isLive: free != nil))
        }
        return devices
    }
}
