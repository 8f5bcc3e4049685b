internal import Foundation

/// CPU time that was used, in nanoseconds.
struct CPUClock {
    private let identity: clockid_t

    private init(_ identity: clockid_t) {
        self.identity = identity
    }

    /// Of the calling thread.
    static let thread = CPUClock(CLOCK_THREAD_CPUTIME_ID)
    /// Of all threads of this process.
    static let ownProcess = CPUClock(CLOCK_PROCESS_CPUTIME_ID)

    /// Of all threads of another process; nil where the system does not tell.
    static func process(_ processID: pid_t) -> CPUClock? {
        #if canImport(Glibc)
        var identity = clockid_t()
        guard unsafe clock_getcpuclockid(processID, &identity) == 0 else { return nil }
        return CPUClock(identity)
        #else
        return nil
        #endif
    }

    var nanoseconds: Int64 { readClock(self.identity) }
}

/// Nanoseconds of a clock that only runs forward: for wall time between two moments.
func monotonicNanoseconds() -> Int64 {
    readClock(CLOCK_MONOTONIC)
}

private func readClock(_ identity: clockid_t) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(identity, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
