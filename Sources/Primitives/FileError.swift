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
    /// The file is larger than whoever reads it expects.
    case tooLarge(path: String, bytesMax: Int)
    /// What was done to which path, and the system's error number.
    case failed(operation: String, path: String, errno: Int32)
    /// The file was read, but what stands in it cannot be used.
    case unusable(path: String, reason: String)

    /// What the last call of the system ended with.
    package static func last(_ operation: String, _ path: String) -> FileError {
        .failed(operation: operation, path: path, errno: errno)
    }

    /// Whether it was refused to the user of this process, who may have taken another's directory.
    package var isRefusal: Bool {
        guard case .failed(_, _, let errno) = self else { return false }
        return errno == EACCES || errno == EPERM
    }

    /// Whether the disk, or this user's share of it, is full.
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
