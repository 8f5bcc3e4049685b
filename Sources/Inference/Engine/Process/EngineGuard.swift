internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What stands between this server and an engine, as a process of its own: it starts the engine, waits for whichever
/// ends first, the engine or the server, and leaves no engine behind. A card's memory is never kept by an orphan.
///
/// The server's end is seen on standard input, a pipe whose other end the server alone holds: it ends by itself when
/// the server is killed.
package enum EngineGuard {
    /// How long an engine has between SIGTERM and SIGKILL.
    package static let graceMilliseconds = 3000

    /// Runs an engine until it or the server ends.
    /// - Parameters:
    ///   - record: where the engine's process id and start time are written, for `EngineDirectory.endLeftovers`.
    ///   - command: the engine's program and words.
    /// - Returns: the exit status for this process: the engine's own, or 128 and its signal.
    package static func run(record: String, command: [String]) -> Int32 {
        // A terminal's signals are for the server, which lets the lifeline go when it ends.
        for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
        // What the server could not keep to itself: another guard's lifeline must end with the server alone.
        for name in EngineFiles.names(in: "/proc/self/fd", suffix: "") {
            if let descriptor = Int32(name), descriptor > 2 { close(descriptor) }
        }
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

/// Which process an engine is: its id alone may be another's by the time that somebody looks.
package struct EngineRecord: Sendable, Hashable {
    package var processID: Int32
    /// Ticks after the machine's start, as `/proc` has it; empty where there is no `/proc`.
    package var startTime: String

    /// The process of that id, as it is now.
    package init(processID: Int32) {
        self.processID = processID
        self.startTime = Self.startTime(of: processID)
    }

    /// - Returns: nil where nothing lawful is written there.
    package init?(path: String) {
        let words = EngineFiles.text(path, bytesMax: 256)?.split(whereSeparator: \.isWhitespace) ?? []
        guard words.count == 2, let processID = Int32(words[0]), processID > 1 else { return nil }
        self.processID = processID
        self.startTime = String(words[1])
    }

    package func write(_ path: String) {
        EngineFiles.write("\(self.processID) \(self.startTime)\n", to: path)
    }

    /// Whether the process that was recorded still runs.
    package var isRunning: Bool {
        !self.startTime.isEmpty && Self.startTime(of: self.processID) == self.startTime
    }

    /// Ends it at once, if it still runs.
    package func end() {
        guard self.isRunning else { return }
        kill(self.processID, SIGKILL)
    }

    /// The 22nd field of `/proc/<id>/stat`; the name, in parentheses, may hold anything.
    private static func startTime(of processID: Int32) -> String {
        guard let text = EngineFiles.text("/proc/\(processID)/stat", bytesMax: 4096),
            let end = text.lastIndex(of: ")")
        else { return "" }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // The third field is the first one behind the name; Z is a process that has ended.
        guard fields.count > 19, fields[0] != "Z" else { return "" }
        return String(fields[19])
    }
}
