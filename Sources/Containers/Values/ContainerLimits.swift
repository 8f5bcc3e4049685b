internal import ServiceModel

/// The resource limits of a container; nil leaves a limit unchanged, or absent.
package struct ContainerLimits: Sendable, Equatable {
    /// Bytes of memory; swap does not add to it.
    package var memoryBytes: Int64?
    /// Billionths of a processor.
    package var nanoCPUs: Int64?
    /// Processes and threads.
    package var processes: Int64?

    /// Docker's minimum.
    package static let memoryBytesMin: Int64 = 6 << 20
    /// More than any machine has.
    package static let memoryBytesMax: Int64 = 1 << 50
    package static let nanoCPUsMin: Int64 = 10_000_000
    package static let nanoCPUsMax: Int64 = 4_096_000_000_000
    package static let processesMax: Int64 = 4_194_304

    package init(memoryBytes: Int64? = nil, nanoCPUs: Int64? = nil, processes: Int64? = nil) {
        self.memoryBytes = memoryBytes
        self.nanoCPUs = nanoCPUs
        self.processes = processes
    }

    package var isEmpty: Bool { self == ContainerLimits() }

    /// Reads `512m`, `2g`, `1.5GiB`, `1048576`: bytes with a unit, as Docker takes them (a step is 1,024).
    package static func memory(_ text: String) -> Int64? {
        let lowered = text.lowercased()
        let digits = lowered.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let shift: Int
        switch lowered.dropFirst(digits.count).drop(while: { $0 == " " }) {
        case "", "b": shift = 0
        case "k", "kb", "kib": shift = 10
        case "m", "mb", "mib": shift = 20
        case "g", "gb", "gib": shift = 30
        case "t", "tb", "tib": shift = 40
        default: return nil
        }
        guard let number = Double(digits) else { return nil }
        let bytes = number * Double(Int64(1) << Int64(shift))
        guard bytes >= Double(self.memoryBytesMin), bytes <= Double(self.memoryBytesMax) else { return nil }
        return Int64(bytes)
    }

    /// Reads a number of processors, such as `0.5`.
    package static func processors(_ text: String) -> Int64? {
        guard let number = Double(text), number.isFinite else { return nil }
        let nano = number * 1_000_000_000
        guard nano >= Double(self.nanoCPUsMin), nano <= Double(self.nanoCPUsMax) else { return nil }
        return Int64(nano.rounded())
    }

    /// The body of the request that changes a container.
    var update: Document {
        .object([
            "Memory": self.memoryBytes.map { .number(String($0)) },
            // Equal to the memory, so that there is no additional swap.
            "MemorySwap": self.memoryBytes.map { .number(String($0)) },
            "NanoCpus": self.nanoCPUs.map { .number(String($0)) },
            "PidsLimit": self.processes.map { .number(String($0)) },
        ])
    }
}
