#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

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
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else {
            throw .unknownDevice("\(command[0]) cannot be asked: no pipe can be made")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let processID: Int32
        do throws(ProcessStartError) {
            processID = try ChildSpawn.spawn(command, input: nil, output: ends[1], startsGroup: true)
        } catch {
            close(ends[0])
            close(ends[1])
            return nil
        }
        close(ends[1])
        let (bytes, isWhole) = self.read(ends[0], millisecondsMax)
        close(ends[0])
        if !isWhole { kill(-processID, SIGKILL) }
        var status: Int32 = 0
        while unsafe waitpid(processID, &status, 0) < 0 && errno == EINTR {}
        guard isWhole else {
            throw .unknownDevice("\(command[0]) did not answer within \(millisecondsMax) ms, or without end")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard status == 0 else {
            let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
            throw .unknownDevice("\(command[0]) failed and said \(GGUFError.shown(line))")
        }
        return text
    }

    /// Reads to the end, if that comes in time and is not too far.
    private static func read(_ descriptor: Int32, _ millisecondsMax: Int) -> (bytes: [UInt8], isWhole: Bool) {
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(millisecondsMax)
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= NvidiaSMI.answerBytesMax {
            let left = Int32(clamping: Int((deadline - clock.now) / .milliseconds(1)))
            var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = left > 0 ? unsafe poll(&waited, 1, left) : 0
            if ready < 0 && errno == EINTR { continue }
            guard ready > 0 else { return (bytes, false) }
            let count = unsafe piece.withUnsafeMutableBytes { unsafe readBytes(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return (bytes, count == 0) }
            bytes.append(contentsOf: piece[..<count])
        }
        return (bytes, false)
    }
}

/// `read(2)`, whose name the method above hides.
private func readBytes(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
}
