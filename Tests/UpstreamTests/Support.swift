import Primitives
import Synchronization
import Upstream

/// A time that stands still until a test moves it; those that sleep are woken by it.
final class ManualTime: Sendable {
    private struct Sleeper {
        let until: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now = ContinuousClock.now
        var sleepers: [UInt64: Sleeper] = [:]
        var ids: UInt64 = 0
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var now: ContinuousClock.Instant { self.state.withLock { $0.now } }

    var time: SteadyTime {
        SteadyTime(now: { self.now }, sleep: { await self.sleep($0) })
    }

    private func sleep(_ until: ContinuousClock.Instant) async {
        let id = self.state.withLock { state in
            state.ids += 1
            return state.ids
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isOver, watchers) = self.state.withLock { state in
                    if until <= state.now { return (true, [] as [CheckedContinuation<Void, Never>]) }
                    state.sleepers[id] = Sleeper(until: until, continuation: continuation)
                    let count = state.sleepers.count
                    let woken = state.watchers.filter { $0.count <= count }.map(\.continuation)
                    state.watchers.removeAll { $0.count <= count }
                    return (false, woken)
                }
                for watcher in watchers { watcher.resume() }
                if isOver { continuation.resume() } else if Task.isCancelled { self.wake(id) }
            }
        } onCancel: {
            self.wake(id)
        }
    }

    private func wake(_ id: UInt64) {
        self.state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume()
    }

    /// Returns when so many sleep.
    func sleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func advance(_ duration: Duration) {
        let woken = self.state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }
}

extension UpstreamEndpoint {
    /// An endpoint that nobody asks.
    static func node(_ number: Int) -> UpstreamEndpoint {
        UpstreamEndpoint(address: .tcp(host: "10.0.0.\(number)", port: 80))
    }
}

extension EndpointSet {
    static func of(_ endpoints: [UpstreamEndpoint]) -> EndpointSet {
        guard let set = EndpointSet(endpoints.map { DiscoveredEndpoint($0) }) else {
            preconditionFailure("a test has few endpoints")
        }
        return set
    }
}
