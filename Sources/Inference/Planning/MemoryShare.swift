/// The share of a memory that models may use together: a fraction or a number of bytes.
package enum MemoryShare: Sendable, Equatable {
    case part(Double)
    case bytes(UInt64)

    /// The accepted forms, for the error message.
    package static let form = "a share such as 80% or a size such as 6GiB or 900MiB"

    private static let units: [(suffix: String, shift: UInt64)] = [
        ("gib", 30), ("mib", 20), ("gb", 30), ("mb", 20), ("g", 30), ("m", 20),
    ]
    private static let countMax: UInt64 = 1 << 24

    /// - Parameter text: 1% to 100%, or a whole number with a unit.
    package init?(_ text: String) {
        let text = text.lowercased()
        if text.hasSuffix("%") {
            guard let percent = Double(text.dropLast()), (1...100).contains(percent) else { return nil }
            self = .part(percent / 100)
            return
        }
        guard let unit = Self.units.first(where: { text.hasSuffix($0.suffix) }),
            let count = UInt64(text.dropLast(unit.suffix.count)), (1...Self.countMax).contains(count)
        else { return nil }
        self = .bytes(count << unit.shift)
    }

    /// The share in bytes of a memory of that size.
    package func bytes(of total: UInt64) -> UInt64 {
        switch self {
        case .part(let part): UInt64(Double(total) * part)
        case .bytes(let bytes): min(bytes, total)
        }
    }
}
