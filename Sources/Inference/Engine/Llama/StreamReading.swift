internal import ServiceModel
internal import Synchronization

/// Interprets the events of an engine's stream.
protocol EngineStream: Sendable {
    /// The chat events of one stream event.
    /// - Returns: nil for the end marker.
    mutating func take(_ data: ArraySlice<UInt8>) throws(InferenceError) -> [ChatEvent]?
    /// Whether further output is not part of the answer.
    var isStopped: Bool { get }
}

/// Reads an engine's stream: each token is passed on where its bytes arrive, on the event loop, without waking a task.
/// A task is only woken if the receiver is slower than the engine.
///
/// Who gets the answer whole keeps all of it, so an engine that never ends one is disconnected.
final class StreamReading<Stream: EngineStream>: Sendable {
    private struct State {
        var events = ServerSentEvents()
        var stream: Stream
        var first: ContinuousClock.Instant?
        /// Bytes of text and reasoning so far.
        var textBytes = 0
        /// Whether to wait for the receiver.
        var isFull = false
        var isOver = false
        var failure: (any Error)?
    }

    // Locked while an event is passed on: nothing called there reads the stream.
    private let state: Mutex<State>
    private let send: Sink<ChatEvent>

    init(_ stream: Stream, _ send: Sink<ChatEvent>) {
        self.state = Mutex(State(stream: stream))
        self.send = send
    }

    /// Reads to the end of the stream or of the answer.
    /// - Parameters:
    ///   - answer: the engine's answer, after its head.
    ///   - first: set to the time of the first event.
    /// - Returns: the final state of the stream.
    /// - Throws: `InferenceError`, or an error of the receiver.
    func read(_ answer: EngineAnswer, _ first: inout ContinuousClock.Instant?) async throws -> Stream {
        defer { first = self.state.withLock { $0.first } }
        while true {
            let isEnd: Bool
            do throws(EngineClientError) {
                isEnd = try await answer.drain { bytes in self.take(bytes) }
            } catch {
                throw InferenceError(error)
            }
            repeat {
                let isFull = try self.state.withLock { state in
                    if let failure = state.failure { throw failure }
                    return state.isFull
                }
                if isFull { try await self.send.room() }
            } while !self.passOnRest()
            if isEnd || self.state.withLock({ $0.isOver }) { return self.state.withLock { $0.stream } }
        }
    }

    /// - Returns: whether to continue reading.
    private func take(_ bytes: [UInt8]) -> Bool {
        self.state.withLock { state in
            state.events.append(bytes)
            return self.advance(&state)
        }
    }

    /// Passes on what was left when the receiver had no capacity.
    /// - Returns: whether nothing is left.
    private func passOnRest() -> Bool {
        self.state.withLock { state in
            guard state.isFull else { return true }
            state.isFull = false
            return self.advance(&state) || (state.isOver && !state.isFull && state.failure == nil)
        }
    }

    private func advance(_ state: inout State) -> Bool {
        do {
            while !state.isOver, let data = try state.events.next() {
                guard let said = try state.stream.take(data) else {
                    state.isOver = true
                    break
                }
                for event in said {
                    state.textBytes += event.textBytes
                    guard state.textBytes <= ChatStream.textBytesMax else {
                        throw InferenceError.failed("its answer is longer than \(ChatStream.textBytesMax) bytes")
                    }
                    if state.first == nil { state.first = .now }
                    state.isFull = try !self.send.take(event) || state.isFull
                }
                state.isOver = state.stream.isStopped
                if state.isFull { return false }
            }
            return !state.isOver
        } catch let error as EngineClientError {
            state.failure = InferenceError(error)
        } catch {
            state.failure = error
        }
        return false
    }
}
