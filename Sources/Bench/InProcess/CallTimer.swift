/// Times short calls on the calling thread by its CPU clock, which other processes do not disturb much.
enum CallTimer {
    /// These rows need less time than those over the wire for a figure as steady.
    private static let share = 0.3
    /// Calls between two looks at the clock.
    private static let batchCount = 256

    /// - Returns: CPU nanoseconds for one call, over at least one batch.
    static func nanosecondsPerCall(seconds: Double, _ body: () throws -> Void) rethrows -> Double {
        for _ in 0..<Self.batchCount { try body() }
        let clock = CPUClock.thread
        let begin = clock.nanoseconds
        let wanted = Int64(seconds * Self.share * 1e9)
        var elapsed: Int64 = 0
        var count = 0
        repeat {
            for _ in 0..<Self.batchCount { try body() }
            count += Self.batchCount
            elapsed = clock.nanoseconds - begin
        } while elapsed < wanted
        return Double(elapsed) / Double(count)
    }
}

/// Keeps the compiler from leaving out a call whose result nobody reads.
@inline(never)
func consume<Value>(_ value: borrowing Value) {}
