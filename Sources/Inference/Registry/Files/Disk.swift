internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// File operations of the registry, whose errors are converted to the registry's; each blocks its thread.
package enum Disk {
    /// Reads a small file.
    /// - Returns: nil when it does not exist.
    package static func read(_ path: String, bytesMax: Int) throws(RegistryError) -> [UInt8]? {
        do throws(FileError) {
            return try Files.read(path, bytesMax: bytesMax)
        } catch .absent {
            return nil
        } catch {
            throw RegistryError(error)
        }
    }

    /// Replaces a file atomically, accessible to the owner only.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(RegistryError) {
        let suffix = Hex.encode(SystemRandomSource().bytes(8))
        try self.told { () throws(FileError) in
            try Files.replace(path, with: bytes, mode: 0o600, temporarySuffix: suffix)
        }
    }

    static func append(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, _ path: String) throws(RegistryError) {
        try self.told { () throws(FileError) in try Files.write(bytes, to: descriptor, path) }
    }

    /// Renames a file, replacing an existing target, and makes the change durable.
    package static func rename(_ path: String, to target: String) throws(RegistryError) {
        try self.told { () throws(FileError) in try Files.rename(path, to: target) }
    }

    package static func syncDirectory(_ path: String) throws(RegistryError) {
        try self.told { () throws(FileError) in try Files.syncDirectory(path) }
    }

    /// Removes a file; it need not exist.
    package static func remove(_ path: String) throws(RegistryError) {
        try self.told { () throws(FileError) in try Files.remove(path) }
    }

    /// Removes an empty directory; does nothing if it does not exist or is not empty.
    package static func removeEmptyDirectory(_ path: String) {
        _ = unsafe rmdir(path)
    }

    /// Creates a directory and its parents, accessible to the owner only.
    package static func createDirectory(_ path: String) throws(RegistryError) {
        try self.told { () throws(FileError) in try Files.createDirectory(path) }
    }

    /// The names in a directory without `.` and `..`, sorted; none when it does not exist.
    package static func names(in path: String) throws(RegistryError) -> [String] {
        try self.told { () throws(FileError) in try Files.names(in: path) }
    }

    /// Creates a hard link.
    /// - Returns: whether it was created; not if the paths are on different file systems, or if the file belongs to
    ///   another user and the system protects it.
    package static func hardLink(_ path: String, to target: String) throws(RegistryError) -> Bool {
        // AT_SYMLINK_FOLLOW: a hard link to a symbolic link would break when the link's target is removed.
        if unsafe linkat(AT_FDCWD, path, AT_FDCWD, target, AT_SYMLINK_FOLLOW) == 0 { return true }
        switch errno {
        case EXDEV, EPERM, EACCES, EMLINK, EOPNOTSUPP, ENOSYS: return false
        default: throw self.failure("link", path)
        }
    }

    /// Creates a symbolic link, whose target is relative to it; an existing one is kept.
    static func symbolicLink(_ path: String, to target: String) throws(RegistryError) {
        guard unsafe symlink(target, path) == 0 || errno == EEXIST else { throw self.failure("create", path) }
    }

    /// The target of a symbolic link; nil for anything else.
    package static func linkTarget(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe bytes.withUnsafeMutableBytes { raw in
            guard let start = raw.baseAddress else { return 0 }
            return unsafe readlink(path, start.assumingMemoryBound(to: CChar.self), raw.count)
        }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    /// The free space for this user on the file system of a path, in bytes.
    package static func freeBytes(_ path: String) throws(RegistryError) -> Int64 {
        var information = statvfs()
        guard unsafe statvfs(path, &information) == 0 else { throw self.failure("inspect", path) }
        return Int64(
            clamping: UInt64(information.f_bavail).multipliedReportingOverflow(
                by: UInt64(information.f_frsize)
            ).partialValue)
    }

    /// The error of the last system call, as a sentence.
    static func failure(_ operation: String, _ path: String) -> RegistryError {
        RegistryError(.last(operation, path))
    }

    private static func told<Value>(_ work: () throws(FileError) -> Value) throws(RegistryError) -> Value {
        do throws(FileError) {
            return try work()
        } catch {
            throw RegistryError(error)
        }
    }
}
