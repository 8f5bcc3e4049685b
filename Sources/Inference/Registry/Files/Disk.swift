internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What is known of a file without reading it.
package struct FileFacts: Sendable, Hashable {
    package var bytes: Int64
    /// How many names the file has; what frees space is removing the last.
    package var linkCount: Int
    package var device: UInt64
    package var inode: UInt64
    /// When it was last written, in nanoseconds since 1970.
    package var changedNanoseconds: Int64
    package var isDirectory: Bool
}

/// Whole-file operations of the registry; each blocks its thread.
package enum Disk {
    /// - Returns: nil when there is nothing of that name.
    package static func facts(_ path: String) -> FileFacts? {
        var information = stat()
        guard unsafe stat(path, &information) == 0 else { return nil }
        let changed = information.st_mtim
        return FileFacts(
            bytes: Int64(information.st_size), linkCount: Int(information.st_nlink),
            device: UInt64(information.st_dev), inode: UInt64(information.st_ino),
            changedNanoseconds: Int64(changed.tv_sec) * 1_000_000_000 + Int64(changed.tv_nsec),
            isDirectory: information.st_mode & S_IFMT == S_IFDIR)
    }

    /// A small file, whole.
    /// - Returns: nil when it is not there.
    package static func read(_ path: String, bytesMax: Int) throws(RegistryError) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw self.failure("open", path)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe readBytes(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw self.failure("read", path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= bytesMax else {
                throw RegistryError(.damaged, "\(path) is larger than the \(bytesMax) bytes that such a file has")
            }
        }
    }

    /// Writes a temporary file beside `path`, syncs it, renames it over `path` and syncs the directory: whoever reads
    /// sees the old content or the new one, and after a power cut too.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(RegistryError) {
        let temporary = "\(path)~\(Hex.encode(SystemRandomSource().bytes(8)))"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.failure("create", temporary) }
        do throws(RegistryError) {
            defer { close(descriptor) }
            try self.writeAll(bytes[...], to: descriptor, temporary)
            guard fsync(descriptor) == 0 else { throw self.failure("sync", temporary) }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        do throws(RegistryError) {
            try self.rename(temporary, to: path)
        } catch {
            unsafe unlink(temporary)
            throw error
        }
    }

    static func writeAll(
        _ bytes: ArraySlice<UInt8>, to descriptor: Int32, _ path: String
    ) throws(RegistryError) {
        var offset = 0
        while offset < bytes.count {
            let place = offset
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe writeBytes(descriptor, raw.baseAddress?.advanced(by: place), raw.count - place)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw self.failure("write", path) }
            offset += count
        }
    }

    /// Gives a file another name, in place of what has it, and makes that durable.
    package static func rename(_ path: String, to target: String) throws(RegistryError) {
        guard renameFile(path, target) == 0 else { throw self.failure("rename", path) }
        try self.syncDirectory(self.parent(of: target))
    }

    package static func syncDirectory(_ path: String) throws(RegistryError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw self.failure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw self.failure("sync", path) }
    }

    /// Removes a file; one that is not there is no error.
    package static func remove(_ path: String) throws(RegistryError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw self.failure("remove", path) }
    }

    /// Removes an empty directory; one that is not there, or not empty, stays as it is.
    package static func removeEmptyDirectory(_ path: String) {
        _ = unsafe rmdir(path)
    }

    /// Creates a directory and those above it, for the owner alone.
    package static func createDirectory(_ path: String) throws(RegistryError) {
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, path != "/", !path.isEmpty else { throw self.failure("create", path) }
        try self.createDirectory(self.parent(of: path))
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw self.failure("create", path) }
    }

    /// The names in a directory without `.` and `..`, sorted; none when it is not there.
    package static func names(in path: String) throws(RegistryError) -> [String] {
        guard let directory = unsafe opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw self.failure("list", path)
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// A second name for the same content.
    /// - Returns: whether it is made; not where the two lie on different file systems, or where the file belongs to
    ///   somebody else and the system guards it.
    package static func hardLink(_ path: String, to target: String) throws(RegistryError) -> Bool {
        // AT_SYMLINK_FOLLOW: a link to a link would end when the first goes.
        if unsafe linkat(AT_FDCWD, path, AT_FDCWD, target, AT_SYMLINK_FOLLOW) == 0 { return true }
        switch errno {
        case EXDEV, EPERM, EACCES, EMLINK, EOPNOTSUPP, ENOSYS: return false
        default: throw self.failure("link", path)
        }
    }

    /// A link that names its target from where it lies; one that is there already stays.
    static func symbolicLink(_ path: String, to target: String) throws(RegistryError) {
        guard unsafe symlink(target, path) == 0 || errno == EEXIST else { throw self.failure("create", path) }
    }

    /// What a symbolic link names; nil for anything else.
    package static func linkTarget(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe bytes.withUnsafeMutableBytes { raw in
            guard let start = raw.baseAddress else { return 0 }
            return unsafe readlink(path, start.assumingMemoryBound(to: CChar.self), raw.count)
        }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    /// Bytes that this user may still write on the file system of a path.
    package static func freeBytes(_ path: String) throws(RegistryError) -> Int64 {
        var information = statvfs()
        guard unsafe statvfs(path, &information) == 0 else { throw self.failure("inspect", path) }
        return Int64(
            clamping: UInt64(information.f_bavail).multipliedReportingOverflow(
                by: UInt64(information.f_frsize)
            ).partialValue)
    }

    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    package static func lastName(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// What the last call of the system ended with, as a sentence.
    static func failure(_ operation: String, _ path: String) -> RegistryError {
        let code = errno
        let reason = unsafe String(cString: strerror(code))
        return RegistryError(
            code == ENOSPC || code == EDQUOT ? .noSpace : .disk, "cannot \(operation) \(path): \(reason)")
    }
}

// Calls of the system whose names methods above hide.

private func readBytes(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    while true {
        let done = unsafe read(descriptor, bytes, count)
        if done >= 0 || errno != EINTR { return done }
    }
}

private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}

private func renameFile(_ path: String, _ target: String) -> Int32 {
    unsafe rename(path, target)
}
