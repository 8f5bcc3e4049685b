/// Asks the machine which devices it has, by child processes: nothing of a driver is loaded into this one.
package enum DeviceFacts {
    /// Where NVIDIA's tool is looked for: in `PATH`, and where WSL keeps it.
    package static let programs = ["nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi"]

    /// A driver that hangs is given up after so many milliseconds.
    package static let millisecondsMax = 10_000

    /// The devices of this machine, as they are now; none where no tool is found.
    ///
    /// Blocks its thread while the tool runs.
    /// - Parameters:
    ///   - programs: tried in order until one can be started.
    ///   - millisecondsMax: for one tool.
    /// - Returns: in the order of the tool.
    /// - Throws: when a tool is there and fails, hangs, or says what is no device.
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

    /// What a program writes, which ends by itself.
    ///
    /// Blocks its thread while the program runs.
    /// - Parameters:
    ///   - command: the program, looked for in `PATH`, and its arguments.
    ///   - millisecondsMax: after which it is ended.
    /// - Returns: nil when it cannot be started.
    /// - Throws: when it fails, hangs, or writes without end.
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
            throw .unknownDevice("\(command[0]) did not answer within \(millisecondsMax) ms, or without end")
        }
        let text = String(decoding: answer.bytes, as: UTF8.self)
        guard answer.end == .exited(status: 0) else {
            let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
            throw .unknownDevice("\(command[0]) failed and said \(GGUFError.shown(line))")
        }
        return text
    }
}
