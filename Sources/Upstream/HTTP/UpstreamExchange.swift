internal import Synchronization

/// One request and its answer: what the event loop and the tasks of the caller share. One task writes the request's
/// body, one reads the answer; they may be two.
final class UpstreamExchange: Sendable {
    private typealias Waiter = CheckedContinuation<Void, Never>
    private typealias Taker = @Sendable ([UInt8]) -> Bool

    private struct State {
        var head: UpstreamHead?
        var bytes: [UInt8] = []
        /// Whether the exchange is over, and how. The first end counts.
        var end: Result<Void, UpstreamError.Reason>?
        /// Resumed by the next thing that happens to the answer.
        var reader: Waiter?
        /// Given the bytes in the reader's place, which sleeps on.
        var taker: Taker?
        /// What `taker` last said of more.
        var wantsMore = true
        /// Resumed where the request's next piece may be written.
        var writer: Waiter?
        var connection: ConnectionHandle?
        /// The connection wants to be read and is not, until the reader has made room.
        var isHeld = false
        var wasSent = false
        /// Whether the other side takes the next piece now.
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

    /// Gives the bytes to `take` until it wants no more, or the answer is over.
    /// - Returns: whether it is over.
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

    /// The bytes that have come, nil at the end; nothing where there are none yet.
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

    /// Waits until the head has been sent, so that a body whose request finds no connection is not begun.
    func isBegun() async -> Bool {
        await self.waitForRoom()
        return self.state.withLock { $0.end == nil }
    }

    /// Sends a piece of the request's body and returns once there is room for the next.
    /// - Returns: whether the other side wants more; it does not after its answer is over.
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

    private func waitForAnswer(giving taker: Taker? = nil, _ isThere: (borrowing State) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = self.state.withLock { state in
                    guard state.end == nil, !isThere(state) else { return true }
                    precondition(state.reader == nil, "an answer has one reader")
                    state.reader = continuation
                    state.taker = taker
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

    /// A connection was found, which is closed at once if the exchange is over.
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

    /// What one read of the connection brought.
    struct News {
        var head: UpstreamHead?
        var bytes: [UInt8] = []
        /// Whether the answer is whole.
        var isOver = false
    }

    func receive(_ news: News) {
        if let taker = self.taker(of: news) {
            if taker(news.bytes) { return }
            let reader = self.state.withLock { state in
                state.taker = nil
                state.wantsMore = false
                return state.reader.take()
            }
            reader?.resume()
            return
        }
        let (reader, writer) = self.state.withLock { state in
            guard state.end == nil else { return (nil as Waiter?, nil as Waiter?) }
            state.taker = nil
            if let head = news.head { state.head = head }
            if state.bytes.isEmpty { state.bytes = news.bytes } else { state.bytes += news.bytes }
            guard news.isOver else { return (state.reader.take(), nil) }
            state.end = .success(())
            state.connection = nil
            return (state.reader.take(), state.writer.take())
        }
        reader?.resume()
        writer?.resume()
    }

    /// Who is given these bytes at once: the end of an answer the reader sees to itself.
    private func taker(of news: News) -> Taker? {
        guard !news.isOver, news.head == nil, !news.bytes.isEmpty else { return nil }
        return self.state.withLock { $0.end == nil ? $0.taker : nil }
    }

    /// Asked before the connection is read: whether the reader has enough for now. It will ask for more itself.
    func holdsBack() -> Bool {
        self.state.withLock { state in
            guard state.end == nil, state.bytes.count >= self.waitingBytesMax else { return false }
            state.isHeld = true
            return true
        }
    }

    /// Whether somebody waits for the other side: a client that is slow to read what has come is no silence of a
    /// server's.
    var isAwaited: Bool { self.state.withLock { $0.reader != nil || ($0.writer != nil && !$0.takesPiece) } }

    /// Whether the task that writes the body waits until there is room.
    var isStalled: Bool { self.state.withLock { $0.writer != nil && !$0.takesPiece } }

    /// The first end counts; a failure closes the connection.
    func finish(_ end: Result<Void, UpstreamError.Reason>) {
        let (reader, writer, connection) = self.state.withLock { state in
            guard state.end == nil else { return (nil as Waiter?, nil as Waiter?, nil as ConnectionHandle?) }
            state.end = end
            state.taker = nil
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

/// What a connection's handler is told.
enum UpstreamCommand: Sendable {
    /// A request whose body is there as a whole, or missing.
    case whole(UpstreamExchange, UpstreamRequest, [UInt8]?)
    /// The head of a request whose body follows.
    case head(UpstreamExchange, UpstreamRequest)
    case body(UpstreamExchange, UpstreamPiece)

    var exchange: UpstreamExchange {
        switch self {
        case .whole(let exchange, _, _), .head(let exchange, _), .body(let exchange, _): exchange
        }
    }
}
