internal import Foundation
internal import Synchronization

/// What one sample of one way gave.
struct StreamSample {
    var tokensPerSecond: Double
    /// The median of its answers.
    var firstTokenMicroseconds: Double
    /// Of the process between client and engine, for one token; nil where there is none.
    var cpuMicrosecondsPerToken: Double?

    private struct State {
        var tokens = 0
        var firstTokens: [Int64] = []
        var error: BenchError?
    }

    /// Keeps so many streams busy for about that long, each on a thread of its own. Blocks.
    ///
    /// Answers that were begun in time are read to their end, and the time until then counts: a stream is not cut,
    /// which would cost the server more than it costs the client.
    static func take(
        _ target: TokenStream.Target, streams: Int, seconds: Double, cpuClock: CPUClock?
    ) throws -> StreamSample {
        let clients = (0..<streams).map { _ in TokenStream(target) }
        let state = Mutex(State())
        let begun = monotonicNanoseconds()
        let cpuBegun = cpuClock?.nanoseconds
        let deadline = begun + Int64(seconds * 1e9)
        let group = DispatchGroup()
        for client in clients {
            // Used by its own thread alone.
            nonisolated(unsafe) let client = client
            let thread = Thread {
                while monotonicNanoseconds() < deadline {
                    do {
                        let answer = try unsafe client.answer()
                        state.withLock {
                            $0.tokens += answer.tokens
                            $0.firstTokens.append(answer.firstTokenNanoseconds)
                        }
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
        let nanoseconds = monotonicNanoseconds() - begun
        let cpu = cpuBegun.flatMap { begun in cpuClock.map { $0.nanoseconds - begun } }
        let done = state.withLock { $0 }
        if let error = done.error { throw error }
        guard done.tokens > 0, let firstToken = Spread(done.firstTokens.map { Double($0) / 1000 }) else {
            throw BenchError("no answer was whole within \(seconds) s")
        }
        return StreamSample(
            tokensPerSecond: Double(done.tokens) / (Double(nanoseconds) / 1e9),
            firstTokenMicroseconds: firstToken.median,
            cpuMicrosecondsPerToken: cpu.map { Double($0) / 1000 / Double(done.tokens) })
    }
}
