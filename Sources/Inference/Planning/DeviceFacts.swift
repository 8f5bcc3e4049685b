/// Queries the devices of this machine with child processes: no driver is loaded into this process.
package enum DeviceFacts {
    /// The locations of NVIDIA's tool: in `PATH`, and WSL's directory.
    package static let programs = ["nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi"]

    /// The timeout in milliseconds, for a driver that hangs.
    package static let millisecondsMax = 10_000

    /// The current devices of this machine; none if no tool is found.
    ///
    /// Blocks its thread while the tool runs.
    /// - Parameters:
    ///   - programs: tried in order until one can be started.
    ///   - millisecondsMax: the timeout of one tool.
    /// - Returns: the devices, in the order of the tool.
    /// - Throws: when a tool exists but fails, hangs, or prints something that is not a device.
    package static func devices(
        programs: [String] = DeviceFacts.programs, millisecondsMax: Int = DeviceFacts.millisecondsMax
    ) throws(PlanningError) -> [DeviceProfile] {
        for program in programs {
            let command = [program] + NvidiaSMI.arguments
            guard let answer = try self.answer(of: command, millisecondsMax: millisecondsMax) else { continue }
            return try NvidiaSMI.parse(answer)
        }
        return []
    }

    /// The output of a program that ends by itself.
    ///
    /// Blocks its thread while the program runs.
    /// - Parameters:
    ///   - command: the program, searched in `PATH`, and its arguments.
    ///   - millisecondsMax: the timeout, after which it is killed.
    /// - Returns: nil when it cannot be started.
    /// - Throws: when it fails, hangs, or prints too much.
    package static func answer(
        of command: [String], millisecondsMax: Int = DeviceFacts.millisecondsMax
    ) throws(PlanningError) -> String? {
        let answer: (bytes: [UInt8], end: ProcessEnd)?
        do throws(ProcessStartError) {
            answer = try ChildAnswer.whole(
                of: command, input: nil, bytesMax: NvidiaSMI.answerBytesMax, millisecondsMax: millisecondsMax)
        } catch {
            return nil
        }
        guard let answer else {
            throw .unknownDevice("\(command[0]) did not finish within \(millisecondsMax) ms, or printed too much")
        }
        let text = String(decoding: answer.bytes, as: UTF8.self)
        guard answer.end == .exited(status: 0) else {
            let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
            throw .unknownDevice("\(command[0]) failed: \(GGUFError.shown(line))")
        }
        return text
    }
}
