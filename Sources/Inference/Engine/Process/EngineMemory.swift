/// The memory that an engine uses, from the buffers that it logs.
package struct EngineMemory: Sendable, Equatable {
    /// Bytes on each device, by the engine's name for it, such as `CUDA0`.
    package var deviceBytes: [String: UInt64] = [:]
    /// Bytes of main memory, including mapped files.
    package var hostBytes: UInt64 = 0
    package var mappedBytes: UInt64 = 0

    /// The maximum number of devices in a log.
    private static let deviceCountMax = 64
    private static let mebibytesMax = 1e9
    private static let mark = " buffer size ="
    private static let search = ByteSearch(mark)

    package init() {}

    package var isEmpty: Bool { self.hostBytes == 0 && self.deviceBytes.isEmpty }

    /// Parses a line such as `load_tensors:   CPU_Mapped model buffer size =    12.25 MiB`, with any prefix; other
    /// lines are ignored.
    /// - Source: llama.cpp's `llama-model.cpp`, `llama-kv-cache.cpp` and `llama-context.cpp`.
    package mutating func read(_ line: String) {
        guard Self.search.isIn(line), let equals = line.firstRange(of: Self.mark) else { return }
        let words = line[..<equals.lowerBound].split(separator: " ")
        let number = line[equals.upperBound...].split(separator: " ")
        guard words.count > 1, ["model", "KV", "RS", "compute", "output"].contains(words[words.count - 1]),
            number.count > 1, number[1].hasPrefix("MiB"), let size = Double(number[0]), size >= 0,
            size < Self.mebibytesMax
        else { return }
        let bytes = UInt64(size * 1_048_576)
        let place = words[words.count - 2]
        // `CPU`, `CPU_Mapped`, `CPU_REPACK`, `CUDA_Host`: all of them are in main memory.
        guard place.hasPrefix("CPU") || place.hasSuffix("_Host") || place == "BLAS" else {
            // The device's name, without the suffix for the kind of buffer.
            let name = String(place.prefix { $0 != "_" })
            guard self.deviceBytes[name] != nil || self.deviceBytes.count < Self.deviceCountMax else { return }
            self.deviceBytes[name, default: 0] += bytes
            return
        }
        self.hostBytes += bytes
        if place.hasSuffix("_Mapped") { self.mappedBytes += bytes }
    }

    /// The reservation that replaces the planned one: logged sizes, and planned ones where the log has none.
    func booking(_ planned: MemoryBooking) -> MemoryBooking {
        guard !self.isEmpty else { return planned }
        var booking = planned
        guard !self.deviceBytes.isEmpty, planned.deviceID != nil else {
            // Without a device everything is in main memory; a simulated device keeps what was planned for it.
            booking.hostBytes = self.hostBytes
            booking.mappedBytes = self.mappedBytes
            return booking
        }
        // The driver's own memory is not in the log.
        booking.deviceBytes =
            self.deviceBytes.values.reduce(0, +) + (planned.deviceBytes > 0 ? MemoryEstimate.fixedDeviceBytes : 0)
        booking.hostBytes = self.hostBytes
        booking.mappedBytes = self.mappedBytes
        return booking
    }
}
