/// Queries the devices of this machine with `nvidia-smi`, as a child process: no driver is loaded here.
package enum NvidiaSMI {
    /// The arguments to call it with.
    package static let arguments = [
        "--query-gpu=index,name,memory.total,memory.free", "--format=csv,noheader,nounits",
    ]

    /// The maximum size of its output in bytes.
    package static let answerBytesMax = 65_536

    /// The maximum number of devices of one machine.
    package static let deviceCountMax = 64

    /// Parses its output: a line for each device, such as `0, NVIDIA GeForce RTX 3090, 24576, 23800`, with memory in
    /// MiB.
    ///
    /// Anything else is refused, with the line in the error, instead of being treated as a device without memory:
    /// without permission, or for partitioned devices, it prints `[N/A]` and the like.
    package static func parse(_ answer: String) throws(PlanningError) -> [DeviceProfile] {
        guard answer.utf8.count <= self.answerBytesMax else {
            throw .unknownDevice("the answer of nvidia-smi is longer than \(self.answerBytesMax) bytes")
        }
        var devices: [DeviceProfile] = []
        for line in answer.split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map { field in
                String(field.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            guard fields.count == 4, Int(fields[0]) == devices.count, !fields[1].isEmpty,
                let total = self.mebibytes(fields[2]), let free = self.mebibytes(fields[3]), total > 0, free <= total
            else {
                throw .unknownDevice("nvidia-smi printed no device: \(GGUFError.shown(String(line)))")
            }
            guard devices.count < self.deviceCountMax else {
                throw .unknownDevice("nvidia-smi names more than \(self.deviceCountMax) devices")
            }
            devices.append(
                DeviceProfile(
                    name: fields[1], memoryBytes: total, freeBytes: free,
                    bytesPerSecond: DeviceProfile.bytesPerSecond(ofDeviceNamed: fields[1])))
        }
        return devices
    }

    /// A whole number of MiB, in bytes.
    private static func mebibytes(_ text: String) -> UInt64? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return UInt64(text).map { $0 << 20 }
    }
}
