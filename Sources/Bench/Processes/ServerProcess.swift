internal import Foundation

/// A server in a process of its own, so that its CPU can be told from that of the load.
struct ServerProcess {
    /// Longer than a cold start on a busy machine takes.
    static let startSecondsMax = 30.0
    private static let pollMicroseconds: UInt32 = 2000

    let name: String
    let processID: pid_t
    private let logPath: String

    /// Starts a program on one core, its output in a file. The output of an earlier one of this name is dropped, so
    /// that nobody reads its lines as this one's.
    /// - Parameters:
    ///   - name: for messages and for the name of the file.
    ///   - command: the program and its arguments.
    ///   - environment: all of it; nothing is inherited, so that no setting of this machine changes what is measured.
    ///   - folder: where its output goes.
    ///   - core: see `Pinning.onCore`.
    /// - Throws: when the program cannot be started.
    init(
        name: String, command: [String], environment: [String: String], folder: TemporaryFolder, core: Int?
    ) throws {
        self.name = name
        self.logPath = "\(folder.path)/\(name).log"
        self.processID = try Pinning.onCore(core) { [logPath] in
            try Self.spawn(command, environment.map { "\($0.key)=\($0.value)" }, output: logPath)
        }
        Cleanup.shared.add(process: self.processID)
    }

    /// CPU of all its threads.
    var cpuClock: CPUClock? { .process(self.processID) }

    /// What it has written so far.
    var output: String {
        (try? String(contentsOfFile: self.logPath, encoding: .utf8)) ?? ""
    }

    /// Waits until it has written a line that begins so, and gives the rest of that line.
    func line(after prefix: String, seconds: Double = startSecondsMax) throws -> String {
        let deadline = monotonicNanoseconds() + Int64(seconds * 1e9)
        while monotonicNanoseconds() < deadline {
            let lines = self.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.hasPrefix(prefix) }) { return String(line.dropFirst(prefix.count)) }
            guard self.isRunning else { throw BenchError("\(self.name) ended too early:\n\(self.output)") }
            usleep(Self.pollMicroseconds)
        }
        throw BenchError("\(self.name) wrote no such line within \(seconds) s:\n\(self.output)")
    }

    /// Whether it has not ended; a process that has is not yet waited for, so its number is still its own.
    private var isRunning: Bool {
        var information = unsafe siginfo_t()
        let flags = WEXITED | WNOHANG | WNOWAIT
        guard unsafe waitid(P_PID, id_t(self.processID), &information, flags) == 0 else { return false }
        return unsafe information.si_signo == 0
    }

    private static func spawn(_ command: [String], _ environment: [String], output: String) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
        unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, flags, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        let (arguments, variables) = unsafe (Self.pointers(command), Self.pointers(environment))
        defer { unsafe Self.free(arguments + variables) }
        var processID = pid_t()
        let code = unsafe posix_spawn(&processID, command[0], &actions, nil, arguments, variables)
        guard code == 0 else { throw BenchError.system("starting \(command[0])", code) }
        return processID
    }

    /// Texts as C takes them, nil at their end.
    private static func pointers(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        unsafe texts.map { unsafe strdup($0) } + [nil]
    }

    private static func free(_ pointers: [UnsafeMutablePointer<CChar>?]) {
        for index in unsafe pointers.indices { unsafe Foundation.free(pointers[index]) }
    }
}
