import Inference
import Primitives
import Synchronization

/// A time that passes only when a test says so, however slow the machine is.
final class FakeTime: Sendable {
    private struct State {
        var now = ContinuousClock.now
        var sleepers: [UInt64: (until: ContinuousClock.Instant, continuation: CheckedContinuation<Void, Never>)] = [:]
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())

    var time: SteadyTime {
        SteadyTime(now: { self.state.withLock { $0.now } }, sleep: { await self.sleep($0) })
    }

    /// Those who sleep longer than until now.
    var sleeperCount: Int { self.state.withLock { $0.sleepers.count } }

    func advance(_ duration: Duration) {
        let due = self.state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due
        }
        for sleeper in due.values { sleeper.continuation.resume() }
    }

    private func sleep(_ instant: ContinuousClock.Instant) async {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = self.state.withLock { state in
                    guard state.now < instant, !Task.isCancelled else { return true }
                    state.sleepers[id] = (instant, continuation)
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume()
        }
    }
}

/// Waits for what another task does; a test that waits in vain fails by its time limit.
func until(_ condition: @Sendable () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .milliseconds(2)) }
}
