#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The environment of this process and machine.
package enum ProcessEnvironment {
    /// Every environment variable.
    package static var variables: [String: String] {
        var variables: [String: String] = [:]
        var entry = unsafe environ
        while let pointer = unsafe entry.pointee {
            let line = unsafe String(cString: pointer)
            if let equals = line.firstIndex(of: "=") {
                variables[String(line[..<equals])] = String(line[line.index(after: equals)...])
            }
            unsafe entry += 1
        }
        return variables
    }

    /// Cores that are online.
    package static var coreCount: Int {
        max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// The current directory; `.` if it was removed.
    package static var currentDirectory: String {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard let text = unsafe getcwd(&bytes, bytes.count) else { return "." }
        return unsafe String(cString: text)
    }

    package static var processID: Int32 { getpid() }

    /// The machine's host name; `localhost` if it has none.
    package static var hostName: String {
        var bytes = [CChar](repeating: 0, count: 256)
        // The last byte stays zero, so the text is terminated even if the system truncates it.
        guard unsafe gethostname(&bytes, bytes.count - 1) == 0, bytes[0] != 0 else { return "localhost" }
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether a process with that id exists.
    package static func isRunning(_ processID: Int32) -> Bool {
        kill(processID, 0) == 0 || errno == EPERM
    }
}
