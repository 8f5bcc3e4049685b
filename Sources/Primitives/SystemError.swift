#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Error numbers of the system (`errno`).
package enum SystemError {
    /// The system's description of an error number, such as `No such file or directory`.
    package static func sentence(_ code: Int32) -> String {
        unsafe String(cString: strerror(code))
    }
}
