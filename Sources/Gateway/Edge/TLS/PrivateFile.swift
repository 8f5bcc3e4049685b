internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Small files with a restrictive mode.
enum PrivateFile {
    /// More than any certificate chain.
    static let bytesMax = 1024 * 1024
    /// How long a pipe, such as one of a shell's process substitution, may take.
    private static let pipeSecondsMax = 5

    static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    static func makeDirectory(_ path: String) throws(CertificateError) {
        guard unsafe mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw .unwritable(path: path, reason: SystemError.sentence(errno))
    }

    static func read(_ path: String) throws(CertificateError) -> String {
        // A pipe without a writer would block the opening, every later reading and the end of the process.
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .unreadable(path: path, reason: SystemError.sentence(errno)) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 * 1024)
        let end = ContinuousClock.now.advanced(by: .seconds(self.pipeSecondsMax))
        while true {
            guard self.hasInput(file, by: end) else {
                throw .unreadable(path: path, reason: "it had no end within \(self.pipeSecondsMax) seconds")
            }
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Self.readSome(file, $0) }
            if count < 0 { throw .unreadable(path: path, reason: SystemError.sentence(errno)) }
            if count == 0 { break }
            bytes.append(contentsOf: piece[..<count])
            if bytes.count > self.bytesMax { throw .invalid(path: path, reason: "it is too large") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalid(path: path, reason: "it is not text")
        }
        return text
    }

    /// Replaces the file atomically, so that nobody reads a part of it.
    /// - Parameters:
    ///   - text: the new content.
    ///   - path: the file; its directory must exist.
    ///   - mode: the permissions; 0o600 for keys.
    /// - Throws: `CertificateError.unwritable`; the old file is then unchanged.
    static func write(_ text: String, to path: String, mode: mode_t) throws(CertificateError) {
        let temporary = path + ".new"
        _ = unsafe unlink(temporary)
        // O_EXCL: a symbolic link that somebody planted there is not followed.
        let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw .unwritable(path: path, reason: SystemError.sentence(errno)) }
        let bytes = Array(text.utf8)
        var written = 0
        var failure: Int32 = 0
        while written < bytes.count, failure == 0 {
            let count = unsafe bytes.withUnsafeBytes { unsafe Self.writeSome(file, $0, from: written) }
            if count > 0 { written += count } else if errno != EINTR { failure = errno }
        }
        if failure == 0, fsync(file) != 0 { failure = errno }
        close(file)
        if failure == 0, unsafe rename(temporary, path) != 0 { failure = errno }
        guard failure == 0 else {
            _ = unsafe unlink(temporary)
            throw .unwritable(path: path, reason: SystemError.sentence(failure))
        }
    }

    /// Waits until something can be read, or the end; for a file that is at once.
    private static func hasInput(_ file: Int32, by end: ContinuousClock.Instant) -> Bool {
        var state = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
        while true {
            let left = ContinuousClock.now.duration(to: end) / .milliseconds(1)
            let count = unsafe poll(&state, 1, Int32(max(0, left)))
            if count >= 0 || errno != EINTR { return count == 1 }
        }
    }

    private static func readSome(_ file: Int32, _ bytes: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
        unsafe Glibc.read(file, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
        unsafe Musl.read(file, bytes.baseAddress, bytes.count)
        #else
        unsafe Darwin.read(file, bytes.baseAddress, bytes.count)
        #endif
    }

    private static func writeSome(_ file: Int32, _ bytes: UnsafeRawBufferPointer, from offset: Int) -> Int {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
        #if canImport(Glibc)
        return unsafe Glibc.write(file, rest.baseAddress, rest.count)
        #elseif canImport(Musl)
        return unsafe Musl.write(file, rest.baseAddress, rest.count)
        #else
        return unsafe Darwin.write(file, rest.baseAddress, rest.count)
        #endif
    }
}
