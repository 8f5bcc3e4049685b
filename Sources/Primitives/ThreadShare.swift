#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Spreads threads over the parts of a sharded state, so that threads rarely contend for the same part.
package enum ThreadShare {
    /// An index below `count`: always the same for one thread, and usually different for another.
    ///
    /// - Complexity: some nanoseconds; no lock, no allocation, no system call.
    package static func index(of count: Int) -> Int {
        #if canImport(Glibc)
        let thread = UInt64(pthread_self())
        #else
        let thread = unsafe UInt64(UInt(bitPattern: pthread_self()))
        #endif
        // `pthread_self` is an address in the thread's stack: its low bits are the same in all threads, so the others
        // are mixed.
        let mixed = (thread >> 12) &* 0x9E37_79B9_7F4A_7C15
        return Int((mixed >> 33) % UInt64(count))
    }
}
