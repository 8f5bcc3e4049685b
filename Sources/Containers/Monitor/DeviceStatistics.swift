/// The utilisation of a graphics processor.
package struct DeviceStatistics: Sendable, Equatable {
    /// 0 for the first one.
    package var index: Int
    package var name: String
    /// 0 to 100; nil when the driver does not report it.
    package var busyPercent: Double?
    package var memoryUsedBytes: UInt64
    package var memoryTotalBytes: UInt64

    /// The arguments of `nvidia-smi`.
    package static let arguments = [
        "--query-gpu=index,name,utilization.gpu,memory.used,memory.total", "--format=csv,noheader,nounits",
    ]

    /// The most devices of one machine.
    package static let countMax = 64

    /// Parses the output of `nvidia-smi`, memory in MiB: `0, NVIDIA GeForce RTX 3090, 37, 8123, 24576`.
    /// - Returns: the devices of the lines that can be parsed. Others are skipped: this is for display, not for
    ///   planning.
    package static func parse(_ answer: String) -> [DeviceStatistics] {
        let lines = answer.split(whereSeparator: \.isNewline).prefix(self.countMax)
        return lines.compactMap { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map { field in
                String(field.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            guard fields.count == 5, let index = Int(fields[0]), let used = UInt32(fields[3]),
                let total = UInt32(fields[4])
            else { return nil }
            return DeviceStatistics(
                index: index, name: fields[1], busyPercent: Double(fields[2]), memoryUsedBytes: UInt64(used) << 20,
                memoryTotalBytes: UInt64(total) << 20)
        }
    }
}
