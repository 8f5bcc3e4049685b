/// An answer whose head has come; its body follows, piece by piece, for one reader.
///
/// To let go of it, or to close it, before its end closes the connection: that is what tells the other side to stop.
package final class UpstreamResponse: Sendable {
    package let head: UpstreamHead
    private let exchange: UpstreamExchange

    init(head: UpstreamHead, exchange: UpstreamExchange) {
        self.head = head
        self.exchange = exchange
    }

    deinit { self.exchange.close() }

    package var status: Int { self.head.status }

    /// The next bytes, as many as have come; nil at the end.
    ///
    /// While bytes wait up to `UpstreamOptions.waitingBytesMax` the connection is not read.
    /// - Throws: where the answer ends before its end; `hasAnswered` is true.
    package func next() async throws(UpstreamError) -> [UInt8]? {
        try await self.exchange.next()
    }

    /// Gives the bytes to `take` as they come, on the connection's event loop: no task wakes for them. It is called no
    /// more once it has returned false; what comes then waits for the next call.
    ///
    /// It may be called once more while this throws, where the caller's task is cancelled at that moment.
    /// - Returns: whether the answer is over.
    /// - Throws: as `next`.
    package func drain(_ take: @escaping @Sendable ([UInt8]) -> Bool) async throws(UpstreamError) -> Bool {
        try await self.exchange.drain(take)
    }

    /// The rest of the body.
    /// - Throws: `.tooLarge` where it has more than `bytesMax` bytes; the connection is closed then.
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

    /// Ends the connection if the answer is not over.
    package func close() { self.exchange.close() }
}
