internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Prevents concurrent commands from losing each other's changes to keys or policies: a lock on `access-keys.lock`.
struct IdentityLock: Sendable {
    private let path: String

    init(_ directory: DataDirectory) {
        self.path = "\(directory.accessKeys).lock"
    }

    func hold<Value>(_ work: () throws(StartError) -> Value) throws(StartError) -> Value {
        let lock = unsafe open(self.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw StartError(unusable: FileError.last("open", self.path)) }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else { throw StartError(unusable: FileError.last("lock", self.path)) }
        }
        return try work()
    }
}
