/// A monotonic clock and a way to wait on it: the machine's, or one that a test moves.
package struct SteadyTime: Sendable {
    package var now: @Sendable () -> ContinuousClock.Instant
    /// Returns at that instant, or as soon as the task is cancelled.
    package var sleep: @Sendable (_ until: ContinuousClock.Instant) async -> Void

    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (_ until: ContinuousClock.Instant) async -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's clock.
    package static let system = SteadyTime(
        now: { ContinuousClock.now },
        sleep: { instant in
            // Sleep throws only on cancellation, which ends the wait too.
            try? await Task.sleep(until: instant, clock: .continuous)
        })
}
