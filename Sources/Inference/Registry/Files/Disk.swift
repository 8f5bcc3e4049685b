internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// File operations of the registry, whose failures are told as the registry's; each blocks its thread.
package enum Disk {
    /// A small file, whole.
    /// - Returns: nil when it is not there.
    package static func read(_ path: String, bytesMax: Int) throws(RegistryError) -> [UInt8]? {
        do throws(FileError) {
            return try Files.read(path, bytesMax: bytesMax)
        } catch .absent {
            return nil
        } catch {
            throw RegistryError(error)
        }
    }

    /// Replaces a file as a whole, for the owner alone.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(RegistryError) {
        let suffix = Hex.encode(SystemRandomSource().bytes(8))
        try self.told { () throws(FileError) in
            try Files.replace(path, with: bytes, mode: 0o600, temporarySuffix: suffix)
        }
    }

    static func append(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, _ path: String) throws(RegistryError) {
        try self.told { () throws(FileError) in try Files.write(bytes, to: descriptor, path) }
    }

    /// Gives a file another name, in place of what has it, and makes that durable.
    package static func rename(_ path: String, to target: String) throws(RegistryError) {
        try self.told { () throws(FileError) in try Files.rename(path, to: target) }
    }

    package static func syncDirectory(_ path: String) throws(RegistryError) {
        try self.told { () throws(FileError) in try Files.syncDirectory(path) }
    }

    /// Removes a file; one that is not there is no error.
    package static func remove(_ path: String) throws(RegistryError) {
        try self.told { () throws(FileError) in try Files.remove(path) }
    }

    /// Removes an empty directory; one that is not there, or not empty, stays as it is.
    package static func removeEmptyDirectory(_ path: String) {
        _ = unsafe rmdir(path)
    }

    /// Creates a directory and those above it, for the owner alone.
    package static func createDirectory(_ path: String) throws(RegistryError) {
        try self.told { () throws(FileError) in try Files.createDirectory(path) }
    }

    /// The names in a directory without `.` and `..`, sorted; none when it is not there.
    package static func names(in path: String) throws(RegistryError) -> [String] {
        try self.told { () throws(FileError) in try Files.names(in: path) }
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

    /// What the last call of the system ended with, as a sentence.
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
