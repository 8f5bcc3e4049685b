internal import Synchronization

/// One request and its answer: the state that the event loop and the caller's tasks share. One task writes the
/// request's body and one reads the answer; they may be two.
final class UpstreamExchange: Sendable {
    private typealias Waiter = CheckedContinuation<Void, Never>
    private typealias Consumer = @Sendable ([UInt8]) -> Bool

    private struct State {
        var head: UpstreamHead?
        var bytes: [UInt8] = []
        /// The result, once the exchange is over; the first one stays.
        var end: Result<Void, UpstreamError.Reason>?
        /// The task that waits for the next part of the answer.
        var reader: Waiter?
        /// Takes the bytes on the event loop, while the reader's task stays suspended.
        var consumer: Consumer?
        /// The last result of `consumer`: whether it wants more.
        var wantsMore = true
        /// The task that waits until the request's next piece may be written.
        var writer: Waiter?
        var connection: ConnectionHandle?
        /// Reading from the connection is paused until the reader has room.
        var isHeld = false
        var wasSent = false
        /// Whether the server accepts the next piece now.
        var takesPiece = false
    }

    private let state = Mutex(State())
    private let waitingBytesMax: Int
    let timeouts: UpstreamTimeouts

    init(timeouts: UpstreamTimeouts, waitingBytesMax: Int) {
        self.timeouts = timeouts
        self.waitingBytesMax = waitingBytesMax
    }

    // What the caller's tasks do.

    /// Waits for the head of the answer.
    func head() async throws(UpstreamError) -> UpstreamHead {
        while true {
            let found: Result<UpstreamHead?, UpstreamError> = self.state.withLock { state in
                if let head = state.head { return .success(head) }
                switch state.end {
                case .failure(let reason)?: return .failure(Self.error(reason, state))
                case .success?: return .failure(Self.error(.cutOff, state))
                case nil: return .success(nil)
                }
            }
            if let head = try found.get() { return head }
            await self.waitForAnswer { $0.head != nil }
        }
    }

    /// The next bytes of the answer; nil at the end.
    func next() async throws(UpstreamError) -> [UInt8]? {
        while true {
            if let found = self.waiting() { return try found.get() }
            await self.waitForAnswer { !$0.bytes.isEmpty }
        }
    }

    /// Gives the bytes to `take` until it returns false, or the answer is complete.
    /// - Returns: whether the answer is complete.
    func drain(_ take: @escaping @Sendable ([UInt8]) -> Bool) async throws(UpstreamError) -> Bool {
        while true {
            if let found = self.waiting() {
                guard let bytes = try found.get() else { return true }
                guard take(bytes) else { return false }
                continue
            }
            await self.waitForAnswer(giving: take) { !$0.bytes.isEmpty }
            let wantsMore = self.state.withLock { state in
                defer { state.wantsMore = true }
                return state.wantsMore
            }
            guard wantsMore else { return false }
        }
    }

    /// The bytes received so far, nil at the end of the answer; no result when there are none yet.
    private func waiting() -> Result<[UInt8]?, UpstreamError>? {
        let (found, held) = self.state.withLock { state -> (Result<[UInt8]?, UpstreamError>?, ConnectionHandle?) in
            guard state.bytes.isEmpty else {
                let bytes = state.bytes
                state.bytes = []
                defer { state.isHeld = false }
                return (.success(bytes), state.isHeld ? state.connection : nil)
            }
            switch state.end {
            case .failure(let reason)?: return (.failure(Self.error(reason, state)), nil)
            case .success?: return (.success(nil), nil)
            case nil: return (nil, nil)
            }
        }
        held?.readOn()
        return found
    }

    /// Waits until the head was sent, so that a body is not read for a request that finds no connection.
    func isBegun() async -> Bool {
        await self.waitForRoom()
        return self.state.withLock { $0.end == nil }
    }

    /// Sends a piece of the request's body, and returns once there is room for the next.
    /// - Returns: whether the server wants more; it does not after its answer is complete.
    func write(_ piece: UpstreamPiece) async throws(UpstreamError) -> Bool {
        while true {
            let found: Result<ConnectionHandle?, UpstreamError>? = self.state.withLock { state in
                switch state.end {
                case .failure(let reason)?: return .failure(Self.error(reason, state))
                case .success?: return .success(nil)
                case nil: break
                }
                guard state.takesPiece, let connection = state.connection else { return nil }
                state.takesPiece = false
                return .success(connection)
            }
            if let found {
                guard let connection = try found.get() else { return false }
                connection.submit(.body(self, piece))
                if case .end = piece { return true }
                await self.waitForRoom()
                return true
            }
            await self.waitForRoom()
        }
    }

    func close() { self.finish(.failure(.cancelled)) }

    private func waitForAnswer(giving consumer: Consumer? = nil, _ isThere: (borrowing State) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = self.state.withLock { state in
                    guard state.end == nil, !isThere(state) else { return true }
                    precondition(state.reader == nil, "an answer has one reader")
                    state.reader = continuation
                    state.consumer = consumer
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            self.finish(.failure(.cancelled))
        }
    }

    private func waitForRoom() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = self.state.withLock { state in
                    guard state.end == nil, !state.takesPiece else { return true }
                    precondition(state.writer == nil, "a request's body has one writer")
                    state.writer = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            self.finish(.failure(.cancelled))
        }
    }

    private static func error(_ reason: UpstreamError.Reason, _ state: borrowing State) -> UpstreamError {
        UpstreamError(reason, wasSent: state.wasSent, hasAnswered: state.head != nil)
    }

    // What the connection tells.

    /// A connection was found; the caller closes it if this returns false, because the exchange is over.
    func begin(on connection: ConnectionHandle) -> Bool {
        let isOver = self.state.withLock { state in
            state.connection = connection
            return state.end != nil
        }
        if isOver { connection.close() }
        return !isOver
    }

    func markSent() { self.state.withLock { $0.wasSent = true } }

    /// There is room for the next piece of the request's body.
    func takePiece() {
        let writer = self.state.withLock { state in
            state.takesPiece = true
            return state.writer.take()
        }
        writer?.resume()
    }

    /// The result of one read from the connection.
    struct ReceivedPart {
        var head: UpstreamHead?
        var bytes: [UInt8] = []
        /// Whether the answer is complete.
        var isOver = false
    }

    func receive(_ part: ReceivedPart) {
        if let consumer = self.consumer(of: part) {
            if consumer(part.bytes) { return }
            let reader = self.state.withLock { state in
                state.consumer = nil
                state.wantsMore = false
                return state.reader.take()
            }
            reader?.resume()
            return
        }
        let (reader, writer) = self.state.withLock { state in
            guard state.end == nil else { return (nil as Waiter?, nil as Waiter?) }
            state.consumer = nil
            if let head = part.head { state.head = head }
            if state.bytes.isEmpty { state.bytes = part.bytes } else { state.bytes += part.bytes }
            guard part.isOver else { return (state.reader.take(), nil) }
            state.end = .success(())
            state.connection = nil
            return (state.reader.take(), state.writer.take())
        }
        reader?.resume()
        writer?.resume()
    }

    /// The consumer that gets these bytes at once; the end of an answer is left to the reader.
    private func consumer(of part: ReceivedPart) -> Consumer? {
        guard !part.isOver, part.head == nil, !part.bytes.isEmpty else { return nil }
        return self.state.withLock { $0.end == nil ? $0.consumer : nil }
    }

    /// Asked before each read from the connection: whether the reader has enough for now. It asks for more itself.
    func holdsBack() -> Bool {
        self.state.withLock { state in
            guard state.end == nil, state.bytes.count >= self.waitingBytesMax else { return false }
            state.isHeld = true
            return true
        }
    }

    /// Whether a task waits for the server. A client that is slow to read what has arrived must not count as the
    /// server's silence.
    var isAwaited: Bool { self.state.withLock { $0.reader != nil || ($0.writer != nil && !$0.takesPiece) } }

    /// Whether the task that writes the body waits for room.
    var isStalled: Bool { self.state.withLock { $0.writer != nil && !$0.takesPiece } }

    /// Ends the exchange; the first result stays. A failure closes the connection.
    func finish(_ end: Result<Void, UpstreamError.Reason>) {
        let (reader, writer, connection) = self.state.withLock { state in
            guard state.end == nil else { return (nil as Waiter?, nil as Waiter?, nil as ConnectionHandle?) }
            state.end = end
            state.consumer = nil
            defer { state.connection = nil }
            return (state.reader.take(), state.writer.take(), state.connection)
        }
        if case .failure = end { connection?.close() }
        reader?.resume()
        writer?.resume()
    }
}

/// A piece of a request's body.
enum UpstreamPiece: Sendable {
    case bytes([UInt8])
    case end
}

/// A command to a connection's handler.
enum UpstreamCommand: Sendable {
    /// A request with a complete body, or none.
    case whole(UpstreamExchange, UpstreamRequest, [UInt8]?)
    /// The head of a request with a streamed body.
    case head(UpstreamExchange, UpstreamRequest)
    case body(UpstreamExchange, UpstreamPiece)

    var exchange: UpstreamExchange {
        switch self {
        case .whole(let exchange, _, _), .head(let exchange, _), .body(let exchange, _): exchange
        }
    }
}
