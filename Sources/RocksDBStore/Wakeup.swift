internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Lets one of our own threads sleep until another thread wakes it. A signal that comes first is not lost.
///
/// Only for threads started by `BlockingThread`: it blocks, which Swift's cooperative pool must never do.
@safe
final class Wakeup: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    /// Guarded by `mutex`.
    private var isSignalled = false

    init() {
        unsafe self.mutex = .allocate(capacity: 1)
        unsafe self.condition = .allocate(capacity: 1)
        let results = unsafe (pthread_mutex_init(self.mutex, nil), TimedCondition.initialise(self.condition))
        precondition(results == (0, 0), "pthread mutex and condition need only memory")
    }

    deinit {
        unsafe pthread_cond_destroy(self.condition)
        unsafe pthread_mutex_destroy(self.mutex)
        unsafe self.condition.deallocate()
        unsafe self.mutex.deallocate()
    }

    func signal() {
        unsafe pthread_mutex_lock(self.mutex)
        self.isSignalled = true
        unsafe pthread_cond_signal(self.condition)
        unsafe pthread_mutex_unlock(self.mutex)
    }

    /// Returns after a signal, or after `milliseconds` unless that is nil.
    func wait(milliseconds: Int?) {
        var deadline = milliseconds.map { TimedCondition.deadline(milliseconds: $0) } ?? timespec()
        unsafe pthread_mutex_lock(self.mutex)
        while !self.isSignalled {
            if milliseconds == nil {
                unsafe pthread_cond_wait(self.condition, self.mutex)
            } else if unsafe pthread_cond_timedwait(self.condition, self.mutex, &deadline) != 0 {
                break
            }
        }
        self.isSignalled = false
        unsafe pthread_mutex_unlock(self.mutex)
    }
}
