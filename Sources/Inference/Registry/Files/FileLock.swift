#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// An exclusive file lock between processes: released by `release`, or by the end of the process for any reason.
package final class FileLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    /// Waits for the lock, which is only held during a few small writes.
    package static func wait(_ path: String) throws(RegistryError) -> FileLock {
        let lock = FileLock(descriptor: try self.open(path))
        while flock(lock.descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw Disk.failure("lock", path) }
        }
        return lock
    }

    /// Waits for a lock that others may hold too, but `tryNow` and `wait` alone.
    static func waitShared(_ path: String) throws(RegistryError) -> FileLock {
        let lock = FileLock(descriptor: try self.open(path))
        while flock(lock.descriptor, LOCK_SH) != 0 {
            guard errno == EINTR else { throw Disk.failure("lock", path) }
        }
        return lock
    }

    /// - Returns: nil when another process has it.
    package static func tryNow(_ path: String) throws(RegistryError) -> FileLock? {
        let lock = FileLock(descriptor: try self.open(path))
        if flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 { return lock }
        guard errno == EWOULDBLOCK else { throw Disk.failure("lock", path) }
        return nil
    }

    private static func open(_ path: String) throws(RegistryError) -> Int32 {
        let descriptor = openFile(path, O_RDWR | O_CREAT | O_CLOEXEC)
        guard descriptor >= 0 else { throw Disk.failure("create", path) }
        return descriptor
    }
}

/// `open(2)`, whose name the method above shadows.
private func openFile(_ path: String, _ flags: Int32) -> Int32 {
    unsafe open(path, flags, 0o600)
}
