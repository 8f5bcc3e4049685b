internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Operations on the small files around engines.
enum EngineFiles {
    /// - Returns: nil for a file that does not exist, cannot be read, or is longer.
    static func text(_ path: String, bytesMax: Int) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
        var length = 0
        while length <= bytesMax {
            let offset = length
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes[..<length], as: UTF8.self) }
            length += count
        }
        return nil
    }

    /// Writes a file with mode 0600.
    /// - Returns: whether it was written completely.
    @discardableResult
    static func write(_ text: String, to path: String) -> Bool {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return self.append(Array(text.utf8), to: descriptor)
    }

    @discardableResult
    static func append(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        #if canImport(Glibc)
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        #elseif canImport(Musl)
        let count = unsafe bytes.withUnsafeBytes { unsafe Musl.write(descriptor, $0.baseAddress, $0.count) }
        #else
        let count = unsafe bytes.withUnsafeBytes { unsafe Darwin.write(descriptor, $0.baseAddress, $0.count) }
        #endif
        return count == bytes.count
    }

    /// Opens a file for appending, with mode 0600; negative when it cannot be opened.
    static func openToAppend(_ path: String) -> Int32 {
        unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    }

    /// Whether the path is an executable file.
    static func isExecutable(_ path: String) -> Bool {
        var information = stat()
        guard unsafe stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return false }
        return unsafe access(path, X_OK) == 0
    }

    static func isFile(_ path: String) -> Bool {
        var information = stat()
        return unsafe stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
    }

    /// Whether it is a pipe or a socket.
    static func isChannel(_ descriptor: Int32) -> Bool {
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else { return false }
        return [S_IFIFO, S_IFSOCK].contains(information.st_mode & S_IFMT)
    }

    static func remove(_ path: String) { unsafe unlink(path) }

    static func rename(_ path: String, to target: String) {
        #if canImport(Glibc)
        unsafe Glibc.rename(path, target)
        #elseif canImport(Musl)
        unsafe Musl.rename(path, target)
        #else
        unsafe Darwin.rename(path, target)
        #endif
    }

    /// The names in a directory that end with `suffix`.
    static func names(in path: String, suffix: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name.hasSuffix(suffix) { names.append(name) }
        }
        return names
    }

    /// Creates a directory that only this user can access, if it does not exist.
    /// - Throws: a sentence, when it belongs to another user or is accessible to others.
    static func makePrivateDirectory(_ path: String) throws(ProcessStartError) {
        if unsafe mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw ProcessStartError(sentence: "\(path) cannot be made: \(SystemError.sentence(errno))")
        }
        guard self.isPrivateDirectory(path) else {
            throw
                ProcessStartError(sentence: "\(path) is not a directory that only this user may access")
        }
    }

    /// Whether it is a directory that only this user can access, and not a link to one.
    static func isPrivateDirectory(_ path: String) -> Bool {
        var information = stat()
        return unsafe lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
            && information.st_uid == geteuid() && information.st_mode & 0o077 == 0
    }

    /// The current size of a file; 0 if it is unknown.
    static func byteCount(_ descriptor: Int32) -> Int {
        var information = stat()
        return unsafe fstat(descriptor, &information) == 0 ? Int(information.st_size) : 0
    }
}
