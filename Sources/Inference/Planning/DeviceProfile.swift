internal import ServiceModel
internal import WireProtocols

/// A device that models run on: its memory and bandwidth.
package struct DeviceProfile: Sendable, Equatable {
    /// The memory that llama.cpp itself leaves free on a device, for other programs and the driver.
    package static let marginBytesDefault: UInt64 = 1 << 30

    /// The memory bandwidth of a typical machine in bytes per second: two channels of DDR4 or DDR5.
    package static let hostBytesPerSecondDefault = 50e9

    package var name: String
    package var memoryBytes: UInt64
    /// The memory that is not in use now; all of it when planning ahead.
    package var freeBytes: UInt64
    /// The memory bandwidth; nil if unknown.
    package var bytesPerSecond: Double?
    /// The memory that engines leave free.
    package var marginBytes: UInt64 = DeviceProfile.marginBytesDefault
    package var hostBytesPerSecond = DeviceProfile.hostBytesPerSecondDefault

    package init(name: String, memoryBytes: UInt64, freeBytes: UInt64? = nil, bytesPerSecond: Double?) {
        self.name = name
        self.memoryBytes = memoryBytes
        self.freeBytes = min(freeBytes ?? memoryBytes, memoryBytes)
        self.bytesPerSecond = bytesPerSecond
    }

    /// No device: the CPU computes everything.
    package static let none = DeviceProfile(name: "no device", memoryBytes: 0, bytesPerSecond: nil)

    /// The memory that all engines together may use.
    package var usableBytes: UInt64 { self.freeBytes - min(self.freeBytes, self.marginBytes) }

    /// Devices that are known by name: memory in GiB, and bandwidth in GB/s.
    /// - Source: the vendors' data sheets.
    private static let known: [(id: String, name: String, gibibytes: UInt64, gigabytesPerSecond: Double)] = [
        ("rtx3060", "NVIDIA GeForce RTX 3060", 12, 360), ("rtx3080", "NVIDIA GeForce RTX 3080", 10, 760),
        ("rtx3090", "NVIDIA GeForce RTX 3090", 24, 936), ("rtx4060", "NVIDIA GeForce RTX 4060", 8, 272),
        ("rtx4060ti", "NVIDIA GeForce RTX 4060 Ti", 16, 288), ("rtx4070", "NVIDIA GeForce RTX 4070", 12, 504),
        ("rtx4080", "NVIDIA GeForce RTX 4080", 16, 717), ("rtx4090", "NVIDIA GeForce RTX 4090", 24, 1008),
        ("rtx5070ti", "NVIDIA GeForce RTX 5070 Ti", 16, 896), ("rtx5080", "NVIDIA GeForce RTX 5080", 16, 960),
        ("rtx5090", "NVIDIA GeForce RTX 5090", 32, 1792), ("t4", "Tesla T4", 16, 320), ("l4", "NVIDIA L4", 24, 300),
        ("a10g", "NVIDIA A10G", 24, 600), ("l40s", "NVIDIA L40S", 48, 864),
        ("a100-40", "NVIDIA A100-SXM4-40GB", 40, 1555), ("a100-80", "NVIDIA A100-SXM4-80GB", 80, 2039),
        ("h100", "NVIDIA H100 80GB HBM3", 80, 3350), ("h200", "NVIDIA H200", 141, 4800),
    ]

    /// The names that `named` accepts.
    package static var knownNames: [String] { self.known.map(\.id) }

    /// A device by its short name, such as `rtx3090`; case, spaces and dashes are ignored.
    package static func named(_ name: String) -> DeviceProfile? {
        let wanted = self.plain(name)
        guard let row = self.known.first(where: { self.plain($0.id) == wanted || self.plain($0.name) == wanted })
        else { return nil }
        return DeviceProfile(
            name: row.name, memoryBytes: row.gibibytes << 30, bytesPerSecond: row.gigabytesPerSecond * 1e9)
    }

    private static func plain(_ name: String) -> String {
        String(name.lowercased().filter { $0.isLetter || $0.isNumber })
    }

    /// The bandwidth of a device, by the name that a tool printed.
    static func bytesPerSecond(ofDeviceNamed name: String) -> Double? { self.named(name)?.bytesPerSecond }

    /// The maximum size of a profile file.
    package static let fileBytesMax = 65_536

    /// Parses a profile: `{"name": "RTX 3090", "memoryGiB": 24, "bandwidthGBs": 936}`, with optional `"freeGiB"`,
    /// `"marginGiB"` and `"hostBandwidthGBs"`.
    package static func parse(_ bytes: [UInt8]) throws(PlanningError) -> DeviceProfile {
        guard bytes.count <= self.fileBytesMax, case .object(let members) = self.document(bytes) else {
            throw .unknownDevice("a profile is a JSON object of at most \(self.fileBytesMax) bytes")
        }
        var name = "unnamed device"
        var numbers: [String: Double] = [:]
        let known = ["memoryGiB", "freeGiB", "marginGiB", "bandwidthGBs", "hostBandwidthGBs"]
        for member in members {
            if member.name == "name", case .string(let text) = member.value {
                name = text
            } else if known.contains(member.name), let number = Self.number(member.value) {
                guard number >= 0, number <= 1_000_000 else {
                    throw .unknownDevice("\"\(member.name)\" of a profile must be from 0 to 1000000")
                }
                numbers[member.name] = number
            } else {
                throw .unknownDevice("a profile has \"name\" and the numbers \(known.joined(separator: ", "))")
            }
        }
        guard let memory = numbers["memoryGiB"], memory > 0 else {
            throw .unknownDevice("a profile must have \"memoryGiB\"")
        }
        let gibibyte = Double(1 << 30)
        var profile = DeviceProfile(
            name: name, memoryBytes: UInt64(memory * gibibyte),
            freeBytes: numbers["freeGiB"].map { UInt64($0 * gibibyte) },
            bytesPerSecond: numbers["bandwidthGBs"].map { $0 * 1e9 })
        if let margin = numbers["marginGiB"] { profile.marginBytes = UInt64(margin * gibibyte) }
        if let host = numbers["hostBandwidthGBs"], host > 0 { profile.hostBytesPerSecond = host * 1e9 }
        return profile
    }

    private static func document(_ bytes: [UInt8]) -> Document? {
        let member = MemberSchema(name: "document", target: ShapeSchema(name: "Document", type: .document))
        do throws(ShapeError) {
            let reader = try JSONFormat().makeReader(bytes, root: .payload(member))
            let document = try reader.readDocument(member)
            try reader.finish()
            return document
        } catch {
            return nil
        }
    }

    private static func number(_ value: Document) -> Double? {
        guard case .number(let text) = value else { return nil }
        return Double(text)
    }
}
