/// Why a piece of a streamed answer could not be sent.
package enum ResponseBodyError: Error, Sendable, Hashable {
    /// The client went away, or took no byte for `EdgeLimits.writeStallTimeout`.
    case disconnected
}

/// Sends the pieces of a streamed answer, no faster than the client takes them.
package struct ResponseBodyWriter: Sendable {
    let exchange: ExchangeHandle

    /// Sends one piece and returns once there is room for the next.
    ///
    /// A piece leaves at once, as a chunk or DATA frames of its own; an empty piece sends nothing.
    /// - Throws: when nobody will read it any more; the closure should then end.
    package func write(_ bytes: [UInt8]) async throws(ResponseBodyError) {
        try await self.exchange.write(bytes)
    }
}
