#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The system's error numbers that the edge distinguishes.
enum SystemErrorCode {
    static let addressInUse = EADDRINUSE
    static let accessDenied = EACCES
    static let notPermitted = EPERM
    static let addressNotAvailable = EADDRNOTAVAIL
}
