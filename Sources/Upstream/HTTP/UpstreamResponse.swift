/// An answer whose head has arrived; its body follows piece by piece, for one reader.
///
/// Releasing or closing it before its end closes the connection, which tells the server to stop.
package final class UpstreamResponse: Sendable {
    package let head: UpstreamHead
    private let exchange: UpstreamExchange

    init(head: UpstreamHead, exchange: UpstreamExchange) {
        self.head = head
        self.exchange = exchange
    }

    deinit { self.exchange.close() }

    package var status: Int { self.head.status }

    /// The next bytes, as many as have arrived; nil at the end.
    ///
    /// While `UpstreamOptions.waitingBytesMax` bytes wait, the connection is not read.
    /// - Throws: when the answer ends early; `hasAnswered` is true.
    package func next() async throws(UpstreamError) -> [UInt8]? {
        try await self.exchange.next()
    }

    /// Gives the bytes to `take` as they arrive, on the connection's event loop, without waking a task for each. Once
    /// `take` has returned false it is not called again; later bytes wait for the next call.
    ///
    /// If the caller's task is cancelled, `take` may be called once more while this throws.
    /// - Returns: whether the answer is complete.
    /// - Throws: as `next`.
    package func drain(_ take: @escaping @Sendable ([UInt8]) -> Bool) async throws(UpstreamError) -> Bool {
        try await self.exchange.drain(take)
    }

    /// Collects the rest of the body.
    /// - Throws: `.tooLarge` when it has more than `bytesMax` bytes; the connection is then closed.
    package func gather(bytesMax: Int) async throws(UpstreamError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await self.next() {
            guard bytes.count + piece.count <= bytesMax else {
                self.close()
                throw UpstreamError(.tooLarge(bytesMax: bytesMax), wasSent: true, hasAnswered: true)
            }
            if bytes.isEmpty { bytes = piece } else { bytes += piece }
        }
        return bytes
    }

    /// Closes the connection, unless the answer is complete.
    package func close() { self.exchange.close() }
}
