internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A process between this server and an engine: it starts the engine, waits until either the engine or the server ends,
/// and leaves no engine behind, so that no orphan occupies the GPU's memory.
///
/// The end of the server is detected on standard input, a pipe whose other end only the server holds: the pipe is
/// closed even if the server is killed.
package enum EngineGuard {
    /// The time between SIGTERM and SIGKILL for an engine.
    package static let graceMilliseconds = 3000

    /// Runs an engine until it or the server ends.
    /// - Parameters:
    ///   - record: the file for the engine's process id and start time, for `EngineDirectory.endLeftovers`.
    ///   - command: the engine's program and arguments.
    ///   - niceness: what is added to this process's nice value, which the engine inherits.
    /// - Returns: the exit status for this process: the engine's own, or 128 and its signal.
    package static func run(record: String, command: [String], niceness: Int32 = 0) -> Int32 {
        // Signals from the terminal are for the server, which closes the lifeline when it ends.
        for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
        // Closes what was inherited by accident: another guard's lifeline must end with the server only. Others are of
        // this process's own threads, which would run without rest if theirs were gone (measured).
        for name in EngineFiles.names(in: "/proc/self/fd", suffix: "") {
            if let descriptor = Int32(name), descriptor > 2, EngineFiles.isChannel(descriptor) { close(descriptor) }
        }
        // On failure the engine runs like any other process.
        if niceness > 0 { _ = nice(niceness) }
        let engine: Int32
        do throws(ProcessStartError) {
            engine = try ChildSpawn.spawn(command, input: nil, output: nil, startsGroup: false)
        } catch {
            self.say(error.sentence)
            return 127
        }
        EngineRecord(processID: engine).write(record)
        BlockingThread.start("lifeline") {
            self.awaitEndOfInput()
            kill(engine, SIGTERM)
            BlockingThread.sleep(milliseconds: self.graceMilliseconds)
            kill(engine, SIGKILL)
        }
        let end = ProcessEnd.awaiting(engine)
        EngineFiles.remove(record)
        switch end {
        case .exited(let status): return status
        case .killed(let signal): return 128 + signal
        }
    }

    private static func awaitEndOfInput() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(0, $0.baseAddress, $0.count) }
            if count == 0 || (count < 0 && errno != EINTR) { return }
        }
    }

    private static func say(_ sentence: String) {
        let bytes = Array((sentence + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }
}

/// Identifies an engine's process: the id alone may be reused by another process.
package struct EngineRecord: Sendable, Equatable {
    package var processID: Int32
    /// Clock ticks since boot, from `/proc`; empty without `/proc`.
    package var startTime: String

    /// The process that currently has this id.
    package init(processID: Int32) {
        self.processID = processID
        self.startTime = Self.startTime(of: processID)
    }

    /// - Returns: nil when the file does not contain a valid record.
    package init?(path: String) {
        let words = EngineFiles.text(path, bytesMax: 256)?.split(whereSeparator: \.isWhitespace) ?? []
        guard words.count == 2, let processID = Int32(words[0]), processID > 1 else { return nil }
        self.processID = processID
        self.startTime = String(words[1])
    }

    package func write(_ path: String) {
        EngineFiles.write("\(self.processID) \(self.startTime)\n", to: path)
    }

    /// Whether the recorded process still runs.
    package var isRunning: Bool {
        !self.startTime.isEmpty && Self.startTime(of: self.processID) == self.startTime
    }

    /// Kills it if it still runs.
    package func end() {
        guard self.isRunning else { return }
        kill(self.processID, SIGKILL)
    }

    /// The 22nd field of `/proc/<id>/stat`; the name, in parentheses, may contain anything.
    private static func startTime(of processID: Int32) -> String {
        guard let text = EngineFiles.text("/proc/\(processID)/stat", bytesMax: 4096),
            let end = text.lastIndex(of: ")")
        else { return "" }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // The third field is the first one after the name; Z is a zombie.
        guard fields.count > 19, fields[0] != "Z" else { return "" }
        return String(fields[19])
    }
}
