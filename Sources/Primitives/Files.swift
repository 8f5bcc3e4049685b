#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Whole-file operations on the C library; each blocks its thread.
package enum Files {
    /// Larger files are refused by `read` unless the caller gives another bound, so that a wrong path cannot fill
    /// memory.
    package static let readBytesMax = 5 << 30

    /// Bytes of one `read(2)`.
    private static let pieceBytes = 1 << 16

    /// - Throws: `absent`; `tooLarge`; `failed` for everything else that the system refuses.
    package static func read(_ path: String, bytesMax: Int = Self.readBytesMax) throws(FileError) -> [UInt8] {
        // O_NONBLOCK: opening a pipe would otherwise block until somebody writes to it.
        let descriptor = try self.open(path, O_RDONLY | O_NONBLOCK)
        defer { close(descriptor) }
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else { throw .last("inspect", path) }
        guard information.st_size <= bytesMax else { throw .tooLarge(path: path, bytesMax: bytesMax) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(information.st_size) + 1)
        var piece = [UInt8](repeating: 0, count: self.pieceBytes)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe readBytes(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw .last("read", path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= bytesMax else { throw .tooLarge(path: path, bytesMax: bytesMax) }
        }
    }

    /// A piece of a file: fewer than `count` bytes at the end of the file, none beyond it.
    package static func read(_ path: String, from offset: Int, count: Int) throws(FileError) -> [UInt8] {
        precondition(offset >= 0 && count >= 0, "a piece of a file lies in it")
        let descriptor = try self.open(path, O_RDONLY)
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
            guard step >= 0 else { throw .last("read", path) }
            if step == 0 { break }
            done += step
        }
        bytes.removeLast(count - done)
        return bytes
    }

    /// Writes a temporary file beside `path`, syncs it, renames it over `path` and syncs the directory. A reader sees
    /// either the old content or the new, also after a power cut.
    package static func replace(
        _ path: String, with bytes: [UInt8], mode: UInt32, temporarySuffix: String
    ) throws(FileError) {
        let temporary = "\(path)~\(temporarySuffix)"
        try self.writeNew(temporary, bytes, mode: mode)
        guard renameFile(temporary, path) == 0 else {
            let error = FileError.last("rename to", path)
            unsafe unlink(temporary)
            throw error
        }
        try self.syncDirectory(self.parent(of: path))
    }

    /// As `replace`, but leaves an existing file alone: of several processes that create the file at the same time the
    /// first one wins. On a file system without hard links this cannot be decided, and the last one wins.
    /// - Returns: false when another process was first; its file is left as it is.
    package static func create(
        _ path: String, with bytes: [UInt8], mode: UInt32, temporarySuffix: String
    ) throws(FileError) -> Bool {
        let temporary = "\(path)~\(temporarySuffix)"
        try self.writeNew(temporary, bytes, mode: mode)
        defer { unsafe unlink(temporary) }
        if unsafe link(temporary, path) != 0 {
            switch errno {
            case EEXIST: return false
            case EPERM, ENOTSUP, ENOSYS:
                guard renameFile(temporary, path) == 0 else { throw .last("rename to", path) }
            default: throw .last("create", path)
            }
        }
        try self.syncDirectory(self.parent(of: path))
        return true
    }

    /// Creates, writes and syncs a file that must not exist; removes it again when that fails.
    private static func writeNew(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(FileError) {
        let descriptor = openFile(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw .last("create", path) }
        do throws(FileError) {
            defer { close(descriptor) }
            try self.write(bytes[...], to: descriptor, path)
            guard fsync(descriptor) == 0 else { throw .last("sync", path) }
        } catch {
            unsafe unlink(path)
            throw error
        }
    }

    /// Appends to a file, creating it when it does not exist. The bytes are with the operating system when this
    /// returns, not yet on the disk.
    package static func append(_ bytes: [UInt8], to path: String) throws(FileError) {
        try AppendedFile(path).append(bytes)
    }

    /// Writes all of it, in as many calls as the system needs. `path` is only used in the error.
    package static func write(
        _ bytes: ArraySlice<UInt8>, to descriptor: Int32, _ path: String
    ) throws(FileError) {
        var writtenCount = 0
        try self.write(bytes, to: descriptor, path, writtenCount: &writtenCount)
    }

    /// The same; `writtenCount` is the number of bytes that were written, also when this throws.
    static func write(
        _ bytes: ArraySlice<UInt8>, to descriptor: Int32, _ path: String, writtenCount: inout Int
    ) throws(FileError) {
        writtenCount = 0
        while writtenCount < bytes.count {
            let place = writtenCount
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe writeBytes(descriptor, raw.baseAddress?.advanced(by: place), raw.count - place)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .last("write", path) }
            writtenCount += count
        }
    }

    /// Renames a file, replacing any file that has the new name, and makes that durable.
    package static func rename(_ path: String, to target: String) throws(FileError) {
        try self.renameUnsynced(path, to: target)
        try self.syncDirectory(self.parent(of: target))
    }

    /// The same without waiting for the disk: a power cut may undo it.
    package static func renameUnsynced(_ path: String, to target: String) throws(FileError) {
        guard renameFile(path, target) == 0 else { throw .last("rename", path) }
    }

    /// Makes renames and new names in a directory durable.
    package static func syncDirectory(_ path: String) throws(FileError) {
        let descriptor = try self.open(path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .last("sync", path) }
    }

    /// Removes a file; a file that does not exist is no error.
    package static func remove(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw .last("remove", path) }
    }

    /// Removes a file, or a directory with everything in it, without following links; a path that does not exist is no
    /// error.
    package static func removeTree(_ path: String) throws(FileError) {
        if unsafe unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw .last("remove", path) }
        for name in try self.names(in: path) { try self.removeTree("\(path)/\(name)") }
        guard unsafe rmdir(path) == 0 else { throw .last("remove", path) }
    }

    /// Creates a directory and its missing parents, mode 0700.
    package static func createDirectory(_ path: String) throws(FileError) {
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, path != "/", !path.isEmpty else { throw .last("create", path) }
        try self.createDirectory(self.parent(of: path))
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last("create", path) }
    }

    package static func createDirectories(above path: String) throws(FileError) {
        try self.createDirectory(self.parent(of: path))
    }

    /// The names in a directory without `.` and `..`, sorted; empty when the directory does not exist.
    package static func names(in path: String) throws(FileError) -> [String] {
        guard let directory = unsafe opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw .last("list", path)
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

    /// A file's metadata; nil when it does not exist.
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

    package static func isDirectory(_ path: String) -> Bool {
        self.facts(path)?.isDirectory ?? false
    }

    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    package static func lastName(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// A file that this creates is readable by its owner only.
    static func open(_ path: String, _ flags: Int32) throws(FileError) -> Int32 {
        let descriptor = openFile(path, flags | O_CLOEXEC, 0o600)
        guard descriptor < 0 else { return descriptor }
        throw errno == ENOENT || errno == ENOTDIR ? .absent : .last("open", path)
    }
}

/// A file's metadata; two equal values mean that the file has most likely not changed.
package struct FileFacts: Sendable, Equatable {
    package let bytes: Int64
    /// The number of hard links; removing the last one frees the space.
    package let linkCount: Int
    package let device: UInt64
    package let inode: UInt64
    /// The time of the last write, in nanoseconds since 1970.
    package let changedNanoseconds: Int64
    package let isDirectory: Bool
}

// System calls whose names are hidden by the methods above.

private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
    unsafe open(path, flags, mode)
}

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
