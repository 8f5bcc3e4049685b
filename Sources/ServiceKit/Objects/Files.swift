#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Why a file operation failed.
package enum FileError: Error, Sendable, Hashable {
    case absent
    /// What was done to which path, and the system's error number.
    case failed(operation: String, path: String, errno: Int32)
    /// The file was read, but what stands in it cannot be used.
    case unusable(path: String, reason: String)

    /// Whether it was refused to the user of this process, who may have taken another's directory.
    package var isRefusal: Bool {
        guard case .failed(_, _, let errno) = self else { return false }
        return errno == EACCES || errno == EPERM
    }

    /// A sentence for the operator.
    package var sentence: String {
        switch self {
        case .absent:
            return "the file is not there"
        case .failed(let operation, let path, let errno):
            let reason = unsafe String(cString: strerror(errno))
            return "cannot \(operation) \(path): \(reason)"
        case .unusable(let path, let reason):
            return "cannot use \(path): \(reason)"
        }
    }
}

/// Whole-file operations on the C library; each blocks its thread.
package enum Files {
    /// Files larger than this are refused by `read`, so that a wrong path cannot fill memory.
    package static let readBytesMax = 5 << 30

    package static func read(_ path: String) throws(FileError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw self.error("open", path) }
        defer { close(descriptor) }
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else { throw self.error("inspect", path) }
        guard information.st_size <= self.readBytesMax else {
            throw .failed(operation: "read", path: path, errno: EFBIG)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(information.st_size) + 1)
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw self.error("read", path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= self.readBytesMax else {
                throw .failed(operation: "read", path: path, errno: EFBIG)
            }
        }
    }

    /// A piece of a file: fewer bytes than `count` at its end, none behind it.
    package static func read(_ path: String, from offset: Int, count: Int) throws(FileError) -> [UInt8] {
        precondition(offset >= 0 && count >= 0, "a piece of a file lies in it")
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw self.error("open", path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let place = done
            let step = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    descriptor, buffer.baseAddress?.advanced(by: place), count - place, off_t(offset + place))
            }
            if step < 0 && errno == EINTR { continue }
            guard step >= 0 else { throw self.error("read", path) }
            if step == 0 { break }
            done += step
        }
        bytes.removeLast(count - done)
        return bytes
    }

    /// Writes a temporary file beside `path`, syncs it, renames it over `path` and syncs the directory.
    package static func replace(
        _ path: String, with bytes: [UInt8], mode: UInt32, temporarySuffix: String
    ) throws(FileError) {
        let temporary = "\(path)~\(temporarySuffix)"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw self.error("create", temporary) }
        do throws(FileError) {
            defer { close(descriptor) }
            try self.writeAll(bytes, to: descriptor, temporary)
            guard fsync(descriptor) == 0 else { throw self.error("sync", temporary) }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        guard unsafe Glibc.rename(temporary, path) == 0 else {
            let error = self.error("rename to", path)
            unsafe unlink(temporary)
            throw error
        }
        try self.syncDirectory(self.parent(of: path))
    }

    /// Appends to a file, made where it is missing; it is in the system's hands then, and not yet on the disk.
    package static func append(_ bytes: [UInt8], to path: String) throws(FileError) {
        let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.error("open", path) }
        defer { close(descriptor) }
        try self.writeAll(bytes, to: descriptor, path)
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(FileError) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe write(descriptor, raw.baseAddress?.advanced(by: offset), raw.count - offset)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw self.error("write", path) }
            offset += count
        }
    }

    /// Gives a file another name and makes that durable.
    package static func rename(_ path: String, to target: String) throws(FileError) {
        guard unsafe Glibc.rename(path, target) == 0 else { throw self.error("rename", path) }
        try self.syncDirectory(self.parent(of: target))
    }

    package static func isDirectory(_ path: String) -> Bool {
        var information = stat()
        return unsafe stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes renames and new names in a directory durable.
    package static func syncDirectory(_ path: String) throws(FileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw self.error("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw self.error("sync", path) }
    }

    /// Removes a file; one that is not there is no error.
    package static func remove(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw self.error("remove", path) }
    }

    /// Removes a file, or a directory with all that is in it, without following links; one that is not there is no
    /// error.
    package static func removeTree(_ path: String) throws(FileError) {
        if unsafe unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw self.error("remove", path) }
        for name in try self.names(in: path) { try self.removeTree("\(path)/\(name)") }
        guard unsafe rmdir(path) == 0 else { throw self.error("remove", path) }
    }

    /// Creates a directory and those above it, mode 0700.
    package static func createDirectory(_ path: String) throws(FileError) {
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, path != "/", !path.isEmpty else { throw self.error("create", path) }
        try self.createDirectory(self.parent(of: path))
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw self.error("create", path) }
    }

    package static func createDirectories(above path: String) throws(FileError) {
        try self.createDirectory(self.parent(of: path))
    }

    /// The names in a directory without `.` and `..`, in no order; none when it is not there.
    package static func names(in path: String) throws(FileError) -> [String] {
        guard let directory = unsafe opendir(path) else {
            if errno == ENOENT { return [] }
            throw self.error("list", path)
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// When a file was last changed, in nanoseconds, and its size; nil when it is not there.
    package static func stamp(_ path: String) -> FileStamp? {
        var information = stat()
        guard unsafe stat(path, &information) == 0 else { return nil }
        return FileStamp(
            nanoseconds: Int64(information.st_mtim.tv_sec) * 1_000_000_000 + Int64(information.st_mtim.tv_nsec),
            bytes: Int64(information.st_size),
            inode: UInt64(information.st_ino)
        )
    }

    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func error(_ operation: String, _ path: String) -> FileError {
        (errno == ENOENT || errno == ENOTDIR) && (operation == "open" || operation == "read")
            ? .absent : .failed(operation: operation, path: path, errno: errno)
    }
}

/// What tells one state of a file from another.
package struct FileStamp: Sendable, Hashable {
    package let nanoseconds: Int64
    package let bytes: Int64
    package let inode: UInt64
}
