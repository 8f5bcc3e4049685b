/// What `nvidia-smi` says of the devices of this machine, asked as a child process: nothing of the driver is loaded
/// here.
package enum NvidiaSMI {
    /// The words to call it with.
    package static let arguments = [
        "--query-gpu=index,name,memory.total,memory.free", "--format=csv,noheader,nounits",
    ]

    /// Bytes of its answer at most.
    package static let answerBytesMax = 65_536

    /// Devices of one machine at most.
    package static let deviceCountMax = 64

    /// Reads its answer: a line for each device, such as `0, NVIDIA GeForce RTX 3090, 24576, 23800`, memory in MiB.
    ///
    /// Anything else is refused with the line, rather than taken for a device with no memory: without rights, or with
    /// devices that are cut in parts, it answers `[N/A]` and the like.
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
                throw .unknownDevice("nvidia-smi answered what is no device: \(GGUFError.shown(String(line)))")
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
