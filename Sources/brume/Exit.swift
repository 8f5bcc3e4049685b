internal import ArgumentParser
internal import Server

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// How the process ends; the numbers follow `sysexits.h` where it has one.
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

    /// A server runs and cannot do it now: try again later.
    static let serverRefuses = Exit.storeInUse

    /// Says the sentence on standard error and gives what to throw.
    static func failure(_ code: Exit, _ sentence: String) -> ExitCode {
        Terminal.error("brume: \(sentence)")
        return ExitCode(code.rawValue)
    }
}

/// Writing to the person at the terminal.
enum Terminal {
    static func error(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    /// Text without an end of line of its own.
    static func errorText(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    static func output(_ line: String) {
        write(line + "\n", to: STDOUT_FILENO)
    }

    /// What another program wrote, as it is.
    static func pass(_ bytes: [UInt8], toError: Bool) {
        self.write(bytes, to: toError ? STDERR_FILENO : STDOUT_FILENO)
    }

    /// Whether somebody looks at standard output.
    static var isScreen: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether standard output is a terminal that shows colours and wants them (https://no-color.org).
    static var hasColours: Bool {
        let variables = ProcessEnvironment.variables
        return self.isScreen && variables["NO_COLOR", default: ""].isEmpty && variables["TERM"] != "dumb"
    }

    static func bold(_ text: String) -> String {
        self.hasColours ? "\u{1B}[1m\(text)\u{1B}[0m" : text
    }

    static func warning(_ text: String) -> String {
        self.hasColours ? "\u{1B}[33m\(text)\u{1B}[0m" : text
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
            guard count > 0 else { return }
            offset += count
        }
    }
}

/// `write(2)`, whose name the method above hides.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
