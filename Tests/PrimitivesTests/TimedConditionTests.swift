import Primitives
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct TimedConditionTests {
    @Test(arguments: [1, 20, 1001]) func `a wait that nobody ends lasts as long as was said`(_ milliseconds: Int) {
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        defer {
            unsafe pthread_cond_destroy(condition)
            unsafe pthread_mutex_destroy(mutex)
            unsafe condition.deallocate()
            unsafe mutex.deallocate()
        }
        #expect(unsafe pthread_mutex_init(mutex, nil) == 0)
        #expect(unsafe TimedCondition.initialise(condition) == 0)
        let start = ContinuousClock.now
        var deadline = TimedCondition.deadline(milliseconds: milliseconds)
        unsafe pthread_mutex_lock(mutex)
        var status: Int32 = 0
        while status == 0 { status = unsafe pthread_cond_timedwait(condition, mutex, &deadline) }
        unsafe pthread_mutex_unlock(mutex)
        #expect(status == ETIMEDOUT)
        #expect(ContinuousClock.now - start >= .milliseconds(milliseconds))
    }
}
