/// The time by which something waits: the machine's own, or one that a test moves. It never goes back.
package struct SteadyTime: Sendable {
    package var now: @Sendable () -> ContinuousClock.Instant
    /// Returns at that instant, or when the task is cancelled.
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
            // A cancelled sleep is the end of waiting too.
            try? await Task.sleep(until: instant, clock: .continuous)
        })
}
