#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A number for the calling thread, by which state that all threads use can be cut into parts that hardly ever meet.
package enum ThreadShare {
    /// A part of `count`: always the same one for a thread, and mostly another one for another thread.
    ///
    /// - Complexity: some nanoseconds; no lock, no allocation, no system call.
    package static func index(of count: Int) -> Int {
        #if canImport(Glibc)
        let thread = UInt64(pthread_self())
        #else
        let thread = unsafe UInt64(UInt(bitPattern: pthread_self()))
        #endif
        // What pthread_self gives lies in the thread's stack: its low bits are the same in all, the others are mixed.
        let mixed = (thread >> 12) &* 0x9E37_79B9_7F4A_7C15
        return Int((mixed >> 33) % UInt64(count))
    }
}
