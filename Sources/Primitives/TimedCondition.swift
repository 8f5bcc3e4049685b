#if canImport(Glibc)
package import Glibc
#elseif canImport(Musl)
package import Musl
#else
package import Darwin
#endif

/// Timed waits on pthread conditions by the monotonic clock, so that setting the machine's time does not change how
/// long they take.
///
/// Darwin's conditions wait by the wall clock only.
package enum TimedCondition {
    #if canImport(Darwin)
    private static let clock = CLOCK_REALTIME
    #else
    private static let clock = CLOCK_MONOTONIC
    #endif

    /// Initialises a condition for waits until a `deadline`.
    /// - Parameter condition: uninitialised memory; the caller destroys the condition.
    /// - Returns: 0, or the system's error number.
    @unsafe
    package static func initialise(_ condition: UnsafeMutablePointer<pthread_cond_t>) -> Int32 {
        #if canImport(Darwin)
        return unsafe pthread_cond_init(condition, nil)
        #else
        var attributes = pthread_condattr_t()
        let result = unsafe pthread_condattr_init(&attributes)
        guard result == 0 else { return result }
        defer { unsafe pthread_condattr_destroy(&attributes) }
        unsafe pthread_condattr_setclock(&attributes, Self.clock)
        return unsafe pthread_cond_init(condition, &attributes)
        #endif
    }

    /// The moment `milliseconds` from now, for `pthread_cond_timedwait`.
    package static func deadline(milliseconds: Int) -> timespec {
        var time = timespec()
        unsafe clock_gettime(Self.clock, &time)
        let nanoseconds = time.tv_nsec + (milliseconds % 1000) * 1_000_000
        time.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        time.tv_nsec = nanoseconds % 1_000_000_000
        return time
    }
}
