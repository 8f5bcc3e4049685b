internal import Primitives
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// How a child process ended.
package enum ProcessEnd: Sendable, Equatable, CustomStringConvertible {
    case exited(status: Int32)
    case killed(signal: Int32)

    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .exited(status: (waitStatus >> 8) & 0xFF) : .killed(signal: signal)
    }

    package var description: String {
        switch self {
        case .exited(let status): "it ended with status \(status)"
        case .killed(let signal): "it was ended by signal \(signal)"
        }
    }
}

/// A child process with its output, and the lifeline that its guard watches.
///
/// The child reads the lifeline on its standard input: it is closed when this process ends for any reason, because no
/// other process holds the other end.
package final class EngineProcess: Sendable {
    private struct State {
        var lifeline: Int32?
        /// Set before `end`: from then on the group's id may be reused.
        var isReaped = false
        var end: ProcessEnd?
        var waiters: [CheckedContinuation<ProcessEnd, Never>] = []
    }

    /// How long processes that a child leaves behind may go on.
    private static let helperMilliseconds = 500

    package let processID: Int32
    private let state: Mutex<State>
    private let gathersOutput = Atomic(false)

    private init(processID: Int32, lifeline: Int32) {
        self.processID = processID
        self.state = Mutex(State(lifeline: lifeline))
    }

    /// Starts a child in its own process group; a thread reads its output until it has ended.
    /// - Parameters:
    ///   - command: the program's path and arguments.
    ///   - onLines: called with lines as they are read, on that thread.
    ///   - isLast: whether the child does nothing more after such lines, even if it does not end: it is then killed.
    ///   - onEnd: called once, on that thread, when the child has ended, and before `end` returns.
    /// - Returns: the running child.
    /// - Throws: a sentence with the system's reason.
    package static func start(
        _ command: [String], onLines: @escaping @Sendable (OutputLines) -> Void,
        isLast: @escaping @Sendable (OutputLines) -> Bool = { _ in false },
        onEnd: @escaping @Sendable (ProcessEnd) -> Void
    ) throws(ProcessStartError) -> EngineProcess {
        let lifeline = try Pipe()
        let child: ChildOutput
        do throws(ProcessStartError) {
            child = try ChildOutput.start(command, input: lifeline.readEnd, startsGroup: true)
        } catch {
            lifeline.closeBoth()
            throw error
        }
        close(lifeline.readEnd)
        let process = EngineProcess(processID: child.processID, lifeline: lifeline.writeEnd)
        BlockingThread.start("engine-log") {
            LineReader(descriptor: child.descriptor).run { lines in
                onLines(lines)
                if isLast(lines) { process.killGroup() }
                return process.gathersOutput.load(ordering: .relaxed) ? .gathered : .atOnce
            }
            ProcessEnd.waitForEnd(of: child.processID)
            // While it is not reaped, `killGroup` cannot meet another process of the same id.
            let end = process.state.withLock { state in
                state.isReaped = true
                return child.end()
            }
            onEnd(end)
            process.end(as: end)
        }
        // What the child leaves behind keeps the output open, which would be read for ever. A helper such as `tee` in a
        // script around the engine still has to write what it was given.
        BlockingThread.start("engine-end") {
            ProcessEnd.waitForEnd(of: child.processID)
            BlockingThread.sleep(milliseconds: Self.helperMilliseconds)
            process.killGroup()
        }
        return process
    }

    /// Lets output gather before it is read from now on. An engine prints dozens of lines for each request, each in
    /// several pieces: reading every piece at once costs more than forwarding the request.
    package func gatherOutput() {
        self.gathersOutput.store(true, ordering: .relaxed)
    }

    /// Whether it has ended, and `onEnd` has returned.
    package var hasEnded: Bool { self.state.withLock { $0.end != nil } }

    private func end(as end: ProcessEnd) {
        let (waiters, lifeline) = self.state.withLock { state in
            state.end = end
            defer { state.waiters = [] }
            return (state.waiters, state.lifeline.take())
        }
        if let lifeline { close(lifeline) }
        for waiter in waiters { waiter.resume(returning: end) }
    }

    /// Closes the lifeline: the guard terminates the engine, and kills it if necessary.
    package func letGo() {
        let lifeline = self.state.withLock { $0.lifeline.take() }
        if let lifeline { close(lifeline) }
    }

    /// SIGKILL for the whole group, for a guard that does not end.
    package func killGroup() {
        self.state.withLock { state in
            if !state.isReaped { kill(-self.processID, SIGKILL) }
        }
    }

    /// Returns when the child has ended, and `onEnd` has returned.
    package func end() async -> ProcessEnd {
        await withCheckedContinuation { continuation in
            let end = self.state.withLock { state -> ProcessEnd? in
                if state.end == nil { state.waiters.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }
}

/// Why a child could not be started; a sentence.
package struct ProcessStartError: Error, Sendable, Equatable {
    package let sentence: String
}

/// A pipe whose ends children do not inherit unless passed explicitly.
struct Pipe {
    let readEnd: Int32
    let writeEnd: Int32

    init() throws(ProcessStartError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw ProcessStartError(sentence: "no pipe: \(SystemError.sentence(errno))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        self.readEnd = ends[0]
        self.writeEnd = ends[1]
    }

    func closeBoth() {
        close(self.readEnd)
        close(self.writeEnd)
    }
}
