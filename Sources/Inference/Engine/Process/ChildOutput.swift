#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A running child and the pipe with its output. The starter reads it, then calls `end` once.
struct ChildOutput {
    let processID: Int32
    /// The read end of the pipe for standard output and standard error.
    let descriptor: Int32

    /// - Throws: when the child cannot be started; no descriptor is left open.
    static func start(
        _ command: [String], input: Int32?, startsGroup: Bool
    ) throws(ProcessStartError) -> ChildOutput {
        let output = try Pipe()
        let processID: Int32
        do throws(ProcessStartError) {
            processID = try ChildSpawn.spawn(
                command, input: input, output: output.writeEnd, startsGroup: startsGroup)
        } catch {
            output.closeBoth()
            throw error
        }
        close(output.writeEnd)
        return ChildOutput(processID: processID, descriptor: output.readEnd)
    }

    /// Stops reading, and blocks until the child has ended.
    func end() -> ProcessEnd {
        close(self.descriptor)
        return ProcessEnd.awaiting(self.processID)
    }
}

extension ProcessEnd {
    /// Blocks until a child of this process has ended, and leaves it to be reaped.
    static func waitForEnd(of processID: Int32) {
        var information = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
    }

    /// Blocks until a child of this process has ended, and reaps it: its id may then be reused.
    static func awaiting(_ processID: Int32) -> ProcessEnd {
        var status: Int32 = 0
        while unsafe waitpid(processID, &status, 0) < 0 && errno == EINTR {}
        return ProcessEnd(waitStatus: status)
    }
}
