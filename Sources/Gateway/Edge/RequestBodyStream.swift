internal import Synchronization

/// Why a streamed body ended before its end.
package enum RequestBodyError: Error, Sendable, Equatable {
    /// The client disconnected.
    case disconnected
    /// The bytes violated a rule or a limit; the client gets this refusal unless an answer is already on its way.
    case refused(EdgeRefusal)
    /// The reading task was cancelled.
    case cancelled
}

/// A request's body as it arrives, for one reader.
///
/// Back-pressure reaches the client: while `EdgeLimits.streamBufferBytesMax` bytes wait here the socket is not read.
/// Trailers of the HTTP message are dropped.
package struct RequestBodyStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = RequestBodyError

    let buffer: RequestBodyBuffer

    /// Hands out the body's pieces. Iterators of one stream share it: each piece is seen once.
    package struct Iterator: AsyncIteratorProtocol {
        let buffer: RequestBodyBuffer

        /// The next piece, never empty, or nil after the last.
        package mutating func next() async throws(RequestBodyError) -> [UInt8]? {
            try await self.buffer.next()
        }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(RequestBodyError) -> [UInt8]? {
            try await self.buffer.next()
        }
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(buffer: self.buffer)
    }
}

/// The bounded queue between the event loop, which appends, and the one task that reads.
final class RequestBodyBuffer: Sendable {
    private enum Ending {
        case open
        case complete
        case failed(RequestBodyError)
    }

    private struct State {
        var pieces: [[UInt8]] = []
        var pieceIndex = 0
        var bufferedBytes = 0
        var ending: Ending = .open
        var waiter: CheckedContinuation<Result<[UInt8]?, RequestBodyError>, Never>?
        var isPaused = false
    }

    private let state = Mutex(State())
    private let bufferedBytesMax: Int
    /// Called from any thread when a paused body has room again.
    private let resume: @Sendable () -> Void

    init(bufferedBytesMax: Int, resume: @escaping @Sendable () -> Void) {
        self.bufferedBytesMax = bufferedBytesMax
        self.resume = resume
    }

    /// - Returns: whether there is room for more; if not, `resume` will be called.
    func append(_ piece: [UInt8]) -> Bool {
        if piece.isEmpty { return true }
        let (waiter, hasRoom) = self.state.withLock { state in
            guard case .open = state.ending else {
                return (CheckedContinuation<Result<[UInt8]?, RequestBodyError>, Never>?.none, true)
            }
            if let waiter = state.waiter.take() { return (waiter, true) }
            state.pieces.append(piece)
            state.bufferedBytes += piece.count
            state.isPaused = state.bufferedBytes >= self.bufferedBytesMax
            return (nil, !state.isPaused)
        }
        waiter?.resume(returning: .success(piece))
        return hasRoom
    }

    func complete() {
        self.end(.complete, .success(nil))
    }

    func fail(_ error: RequestBodyError) {
        self.end(.failed(error), .failure(error))
    }

    private func end(_ ending: Ending, _ result: Result<[UInt8]?, RequestBodyError>) {
        let waiter = self.state.withLock { state in
            guard case .open = state.ending else {
                return CheckedContinuation<Result<[UInt8]?, RequestBodyError>, Never>?.none
            }
            state.ending = ending
            return state.waiter.take()
        }
        waiter?.resume(returning: result)
    }

    func next() async throws(RequestBodyError) -> [UInt8]? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.deliver(to: continuation)
            }
        } onCancel: {
            self.fail(.cancelled)
        }
        return try result.get()
    }

    private func deliver(to continuation: CheckedContinuation<Result<[UInt8]?, RequestBodyError>, Never>) {
        var hasRoomAgain = false
        let result: Result<[UInt8]?, RequestBodyError>? = self.state.withLock { state in
            precondition(state.waiter == nil, "a request body has one reader")
            if state.pieceIndex < state.pieces.count {
                let piece = state.pieces[state.pieceIndex]
                state.pieces[state.pieceIndex] = []
                state.pieceIndex += 1
                state.bufferedBytes -= piece.count
                if state.pieceIndex == min(state.pieces.count, 32) {
                    state.pieces.removeFirst(state.pieceIndex)
                    state.pieceIndex = 0
                }
                if state.isPaused, state.bufferedBytes <= self.bufferedBytesMax / 2 {
                    state.isPaused = false
                    hasRoomAgain = true
                }
                return .success(piece)
            }
            switch state.ending {
            case .complete: return .success(nil)
            case .failed(let error): return .failure(error)
            case .open:
                state.waiter = continuation
                return nil
            }
        }
        if let result { continuation.resume(returning: result) }
        if hasRoomAgain { self.resume() }
    }
}
