/// What an engine took of the machine, by the buffers that it logs.
package struct EngineMemory: Sendable, Hashable {
    /// Bytes on each device, by the engine's name for it, such as `CUDA0`.
    package var deviceBytes: [String: UInt64] = [:]
    /// Bytes of the machine's memory, mapped files among them.
    package var hostBytes: UInt64 = 0
    package var mappedBytes: UInt64 = 0

    /// Devices that a log may name.
    private static let deviceCountMax = 64
    private static let mebibytesMax = 1e9

    package init() {}

    package var isEmpty: Bool { self.hostBytes == 0 && self.deviceBytes.isEmpty }

    /// Takes a line in, such as `load_tensors:   CPU_Mapped model buffer size =    12.25 MiB`, behind whatever stands
    /// before it; other lines say nothing.
    /// - Source: llama.cpp's `llama-model.cpp`, `llama-kv-cache.cpp` and `llama-context.cpp`.
    package mutating func read(_ line: String) {
        guard let equals = line.firstRange(of: " buffer size =") else { return }
        let words = line[..<equals.lowerBound].split(separator: " ")
        let number = line[equals.upperBound...].split(separator: " ")
        guard words.count > 1, ["model", "KV", "RS", "compute", "output"].contains(words[words.count - 1]),
            number.count > 1, number[1].hasPrefix("MiB"), let size = Double(number[0]), size >= 0,
            size < Self.mebibytesMax
        else { return }
        let bytes = UInt64(size * 1_048_576)
        let place = words[words.count - 2]
        // `CPU`, `CPU_Mapped`, `CPU_REPACK`, `CUDA_Host`: all the machine's own memory.
        guard place.hasPrefix("CPU") || place.hasSuffix("_Host") || place == "BLAS" else {
            // A device's own name, without what it says of the kind of buffer.
            let name = String(place.prefix { $0 != "_" })
            guard self.deviceBytes[name] != nil || self.deviceBytes.count < Self.deviceCountMax else { return }
            self.deviceBytes[name, default: 0] += bytes
            return
        }
        self.hostBytes += bytes
        if place.hasSuffix("_Mapped") { self.mappedBytes += bytes }
    }

    /// What is booked for it instead of its plan: its own words, and what it says nothing of.
    func booking(_ planned: MemoryBooking) -> MemoryBooking {
        guard !self.isEmpty else { return planned }
        var booking = planned
        guard !self.deviceBytes.isEmpty, planned.deviceID != nil else {
            // Without a device everything is the machine's; a device that was pretended keeps what was planned for it.
            booking.hostBytes = self.hostBytes
            booking.mappedBytes = self.mappedBytes
            return booking
        }
        // The driver's own part is in no log.
        booking.deviceBytes =
            self.deviceBytes.values.reduce(0, +) + (planned.deviceBytes > 0 ? MemoryEstimate.fixedDeviceBytes : 0)
        booking.hostBytes = self.hostBytes
        booking.mappedBytes = self.mappedBytes
        return booking
    }
}
