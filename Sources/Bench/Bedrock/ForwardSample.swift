internal import Foundation
internal import Synchronization

/// How long a chunk of an answer is under way from where the engine's bytes leave to where the client has them.
enum ForwardSample {
    private struct State {
        var waits: [Int64] = []
        var error: BenchError?
    }

    /// Keeps so many streams busy for about that long, each on a thread of its own. Blocks.
    /// - Parameters:
    ///   - target: who is asked; what it asks must come by the relay.
    ///   - relay: has the times at which chunks left.
    ///   - seeds: numbers the requests of a run.
    ///   - streams: how many at once.
    ///   - seconds: no answer is begun after these.
    /// - Returns: nanoseconds from the relay to the client, of every chunk of every answer, in no order.
    /// - Throws: where client and relay have not seen the same chunks.
    static func take(
        _ target: TokenStream.Target, _ relay: ChunkRelay, _ seeds: SeedCounter, streams: Int, seconds: Double
    ) throws -> [Int64] {
        let clients = (0..<streams).map { _ in TokenStream(target) }
        let state = Mutex(State())
        let deadline = monotonicNanoseconds() + Int64(seconds * 1e9)
        let group = DispatchGroup()
        for client in clients {
            // Used by its own thread alone.
            nonisolated(unsafe) let client = client
            let thread = Thread {
                while monotonicNanoseconds() < deadline {
                    do {
                        let seed = seeds.next()
                        let arrivals = try unsafe client.answer(seed: seed).arrivals
                        let departures = relay.take(seed: seed)
                        guard arrivals.count == departures.count else {
                            throw BenchError(
                                "an answer of \(departures.count) chunks came in \(arrivals.count): they cannot be "
                                    + "compared")
                        }
                        state.withLock { $0.waits += zip(arrivals, departures).map { $0 - $1 } }
                    } catch {
                        state.withLock { $0.error = error as? BenchError ?? BenchError("\(error)") }
                        break
                    }
                }
                group.leave()
            }
            group.enter()
            thread.start()
        }
        group.wait()
        let done = state.withLock { $0 }
        if let error = done.error { throw error }
        guard !done.waits.isEmpty else { throw BenchError("no answer was whole within \(seconds) s") }
        return done.waits
    }
}

/// Gives each request a number of its own.
final class SeedCounter: Sendable {
    private let value = Atomic<Int>(1)

    func next() -> Int { self.value.add(1, ordering: .relaxed).newValue }
}
