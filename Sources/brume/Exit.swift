internal import ArgumentParser
internal import Primitives
internal import Server
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Exit codes; those of `sysexits.h` where it has a fitting one.
enum Exit: Int32 {
    case success = 0
    case usage = 64
    case damagedData = 65
    case noSuchThing = 66
    case noHost = 68
    case noServer = 69
    case internalError = 70
    case portInUse = 71
    case dataDirectoryNotWritable = 73
    case storeDamaged = 74
    case storeInUse = 75
    case storeNewer = 76
    case noPermission = 77
    case wrongConfiguration = 78

    /// A server is running, but cannot do it now: try again later.
    static let serverRefuses = Exit.storeInUse

    /// Prints the sentence on standard error, and returns what to throw. Passwords in addresses are removed, because
    /// the output of commands ends up in build logs, and control characters of what it quotes are replaced.
    static func failure(_ code: Exit, _ sentence: String) -> ExitCode {
        let lines = AddressText.withoutSecrets(sentence).split(separator: "\n", omittingEmptySubsequences: false)
        Terminal.error("brume: \(lines.map { String($0).visible }.joined(separator: "\n"))")
        return ExitCode(code.rawValue)
    }
}

/// Output to the user's terminal.
enum Terminal {
    /// The error number of the write to standard output that failed.
    private static let failure = Mutex<Int32?>(nil)

    /// Why not all of the output was written; nil if it was, or if its reader has closed the pipe.
    static var outputFailure: Int32? { self.failure.withLock { $0 } }

    /// Opens /dev/null for standard streams that the caller has closed. Otherwise a file opened later, perhaps the
    /// store's, would get the number, and output would be written into it.
    static func claimStreams() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // `open` returns the lowest free number, which is this one.
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }

    static func error(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    /// Writes text without appending a line end.
    static func errorText(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    static func output(_ line: String) {
        write(line + "\n", to: STDOUT_FILENO)
    }

    /// Writes the output of another program unchanged.
    static func pass(_ bytes: [UInt8], toError: Bool) {
        self.write(bytes, to: toError ? STDERR_FILENO : STDOUT_FILENO)
    }

    /// Whether a stream is a terminal that understands escape sequences.
    static func isScreen(_ descriptor: Int32 = STDOUT_FILENO) -> Bool {
        isatty(descriptor) == 1 && ProcessEnvironment.variables["TERM"] != "dumb"
    }

    /// Whether standard output is a terminal that supports colours, and the user wants them (https://no-color.org).
    static var hasColours: Bool {
        self.isScreen() && ProcessEnvironment.variables["NO_COLOR", default: ""].isEmpty
    }

    static func bold(_ text: String) -> String {
        self.hasColours ? "\u{1B}[1m\(text)\u{1B}[0m" : text
    }

    static func warning(_ text: String) -> String {
        self.hasColours ? "\u{1B}[33m\(text)\u{1B}[0m" : text
    }

    /// Another process that shares the terminal or pipe may have made it non-blocking.
    private static func waitForRoom(_ descriptor: Int32) {
        var stream = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&stream, 1, -1)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        self.write(Array(text.utf8), to: descriptor)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe writeBytes(descriptor, raw.baseAddress?.advanced(by: offset), raw.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                self.waitForRoom(descriptor)
                continue
            }
            guard count > 0 else {
                let code = errno
                if descriptor == STDOUT_FILENO, code != EPIPE { self.failure.withLock { $0 = code } }
                return
            }
            offset += count
        }
    }
}

/// `write(2)`, whose name the method above hides.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
