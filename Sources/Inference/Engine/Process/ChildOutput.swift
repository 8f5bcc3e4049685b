#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A running child and the pipe into which it writes. Whoever starts one reads, then calls `end` once.
struct ChildOutput {
    let processID: Int32
    /// What the child prints, on either of its outputs.
    let descriptor: Int32

    /// - Throws: where the child cannot be started; no descriptor is left open then.
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

    /// Reads no more, and blocks until the child has ended.
    func end() -> ProcessEnd {
        close(self.descriptor)
        return ProcessEnd.awaiting(self.processID)
    }
}

extension ProcessEnd {
    /// Blocks until a child of this process has ended, and collects it: its id may be another's afterwards.
    static func awaiting(_ processID: Int32) -> ProcessEnd {
        var status: Int32 = 0
        while unsafe waitpid(processID, &status, 0) < 0 && errno == EINTR {}
        return ProcessEnd(waitStatus: status)
    }
}
