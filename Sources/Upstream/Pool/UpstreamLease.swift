internal import Synchronization

/// The right to send one request to one endpoint. Releasing it without `finish` gives it back without counting.
package final class UpstreamLease: Sendable {
    package let endpoint: DiscoveredEndpoint
    package let client: UpstreamClient
    private let giveBack: @Sendable (LeaseOutcome, String?) -> Void
    private let isOver = Mutex(false)

    init(
        endpoint: DiscoveredEndpoint, client: UpstreamClient,
        giveBack: @escaping @Sendable (LeaseOutcome, String?) -> Void
    ) {
        self.endpoint = endpoint
        self.client = client
        self.giveBack = giveBack
    }

    deinit { self.finish(.abandoned) }

    /// Reports the outcome of the request; only the first report counts.
    /// - Parameters:
    ///   - outcome: as health counts it.
    ///   - reason: why it failed, for operators.
    package func finish(_ outcome: LeaseOutcome, reason: String? = nil) {
        let isFirst = self.isOver.withLock { isOver in
            defer { isOver = true }
            return !isOver
        }
        if isFirst { self.giveBack(outcome, reason) }
    }

    /// Reports a failure by its error.
    package func finish(_ error: UpstreamError) {
        self.finish(error.isUpstreamFault ? .failed : .abandoned, reason: error.sentence)
    }
}

/// An answer from one of a pool's endpoints; counts as the endpoint's work until it ends.
package final class PoolResponse: Sendable {
    package let endpoint: DiscoveredEndpoint
    private let response: UpstreamResponse
    private let lease: UpstreamLease
    private let isFailure: Bool

    /// - Parameters:
    ///   - response: from the lease's endpoint.
    ///   - lease: given back when the answer ends or is released.
    ///   - isFailure: whether the answer itself counts against the endpoint.
    package init(_ response: UpstreamResponse, _ lease: UpstreamLease, isFailure: Bool = false) {
        self.endpoint = lease.endpoint
        self.response = response
        self.lease = lease
        self.isFailure = isFailure
        if isFailure { lease.finish(.failed, reason: "it answered \(response.status)") }
    }

    deinit { self.close() }

    package var head: UpstreamHead { self.response.head }
    package var status: Int { self.response.head.status }

    /// The next bytes, as many as have come; nil at the end.
    package func next() async throws(UpstreamError) -> [UInt8]? {
        do throws(UpstreamError) {
            let piece = try await self.response.next()
            if piece == nil { self.lease.finish(.succeeded) }
            return piece
        } catch {
            self.lease.finish(error)
            throw error
        }
    }

    /// The rest of the body.
    package func gather(bytesMax: Int) async throws(UpstreamError) -> [UInt8] {
        do throws(UpstreamError) {
            let bytes = try await self.response.gather(bytesMax: bytesMax)
            self.lease.finish(.succeeded)
            return bytes
        } catch {
            self.lease.finish(error)
            throw error
        }
    }

    /// Ends the connection if the answer is not over.
    package func close() {
        self.response.close()
        self.lease.finish(.abandoned)
    }
}
