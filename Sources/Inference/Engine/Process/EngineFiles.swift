internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The few small files around engines.
enum EngineFiles {
    /// - Returns: nil for a file that is not there, cannot be read, or is longer.
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

    /// Writes a file of mode 0600.
    /// - Returns: whether all of it was written.
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

    /// A file to append to, of mode 0600; negative where it cannot be opened.
    static func openToAppend(_ path: String) -> Int32 {
        unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    }

    /// Whether a program can be run from that path.
    static func isExecutable(_ path: String) -> Bool {
        var information = stat()
        guard unsafe stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return false }
        return unsafe access(path, X_OK) == 0
    }

    static func isFile(_ path: String) -> Bool {
        var information = stat()
        return unsafe stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
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

    /// The names in a directory that end so.
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

    /// A directory of this user's alone, made where it is not there.
    /// - Throws: a sentence, where it belongs to another or may be read by others.
    static func makePrivateDirectory(_ path: String) throws(ProcessStartError) {
        if unsafe mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw ProcessStartError(sentence: "\(path) cannot be made: \(SystemError.sentence(errno))")
        }
        guard self.isPrivateDirectory(path) else {
            throw
                ProcessStartError(sentence: "\(path) is not a directory of this user alone")
        }
    }

    /// Whether it is a directory of this user's alone, and no link to one.
    static func isPrivateDirectory(_ path: String) -> Bool {
        var information = stat()
        return unsafe lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
            && information.st_uid == geteuid() && information.st_mode & 0o077 == 0
    }

    /// The bytes of a file so far; 0 where nobody can tell.
    static func byteCount(_ descriptor: Int32) -> Int {
        var information = stat()
        return unsafe fstat(descriptor, &information) == 0 ? Int(information.st_size) : 0
    }
}
