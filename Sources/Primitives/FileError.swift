#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Why a file operation failed.
package enum FileError: Error, Sendable, Equatable {
    case absent
    /// The file is larger than its reader allows.
    case tooLarge(path: String, bytesMax: Int)
    /// What was done to which path, and the system's error number.
    case failed(operation: String, path: String, errno: Int32)
    /// The file was read, but its content cannot be used.
    case unusable(path: String, reason: String)

    /// The error of the last system call, from `errno`.
    package static func last(_ operation: String, _ path: String) -> FileError {
        .failed(operation: operation, path: path, errno: errno)
    }

    /// Whether this process's user lacks the permission, perhaps because another user owns the directory.
    package var isRefusal: Bool {
        guard case .failed(_, _, let errno) = self else { return false }
        return errno == EACCES || errno == EPERM
    }

    /// Whether the disk, or this user's quota, is full.
    package var isNoSpace: Bool {
        guard case .failed(_, _, let errno) = self else { return false }
        return errno == ENOSPC || errno == EDQUOT
    }

    /// A sentence for the operator.
    package var sentence: String {
        switch self {
        case .absent:
            return "the file is not there"
        case .tooLarge(let path, let bytesMax):
            return "\(path) is larger than the \(bytesMax) bytes that such a file has"
        case .failed(let operation, let path, let errno):
            return "cannot \(operation) \(path): \(SystemError.sentence(errno))"
        case .unusable(let path, let reason):
            return "cannot use \(path): \(reason)"
        }
    }
}
