#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The name of a thread as `top -H` and debuggers show it. A thread that is not named inherits its creator's name.
package enum ThreadName {
    /// Linux refuses longer names.
    package static let bytesMax = 15

    /// Names the calling thread.
    package static func set(_ name: String) {
        precondition(name.utf8.count <= self.bytesMax, "a thread's name has at most \(self.bytesMax) bytes")
        #if canImport(Darwin)
        unsafe pthread_setname_np(name)
        #else
        // As glibc's `pthread_setname_np` does, which Swift does not import. Without /proc the thread stays unnamed.
        let descriptor = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        let bytes = Array(name.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        #endif
    }
}
