internal import ServiceModel
internal import Synchronization

/// Why a piece of a streamed answer could not be sent.
package enum ResponseBodyError: Error, Sendable, Hashable {
    /// The client disconnected, or took no byte for `EdgeLimits.writeStallTimeout`.
    case disconnected
}

/// Sends the pieces of a streamed answer, no faster than the client takes them.
package struct ResponseBodyWriter: Sendable {
    let exchange: ExchangeHandle

    /// Sends one piece, and returns once there is room for the next.
    ///
    /// Each piece is sent at once, as its own chunk or DATA frames; an empty piece sends nothing.
    /// - Throws: when the client will not read it; the closure should then end.
    package func write(_ bytes: [UInt8]) async throws(ResponseBodyError) {
        try await self.exchange.write(bytes)
    }

    /// As `write`, but pieces that are produced on the connection's event loop are sent without a task.
    var sink: Sink<[UInt8]> {
        let pieces = ResponsePieces(self.exchange)
        return Sink(take: { try pieces.take($0) }, room: { try await pieces.room() })
    }
}

/// Pieces on their way to the client's connection. Pieces that arrive on another thread wait for the event loop.
private final class ResponsePieces: Sendable {
    private let exchange: ExchangeHandle
    private let waiting = Mutex<[UInt8]>([])

    init(_ exchange: ExchangeHandle) {
        self.exchange = exchange
    }

    func take(_ bytes: [UInt8]) throws(ResponseBodyError) -> Bool {
        let mayLeave = self.waiting.withLock { $0.isEmpty }
        if mayLeave, let hasRoom = try self.exchange.writeAtOnce(bytes) { return hasRoom }
        self.waiting.withLock { $0 += bytes }
        return false
    }

    func room() async throws(ResponseBodyError) {
        let bytes = self.waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        if bytes.isEmpty {
            try await self.exchange.waitForRoom()
        } else {
            try await self.exchange.write(bytes)
        }
    }
}
