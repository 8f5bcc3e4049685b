/// Why a request to another server has no complete answer, and how far it got.
package struct UpstreamError: Error, Sendable, Equatable {
    /// What happened.
    package enum Reason: Error, Sendable, Equatable {
        /// No connection was established: refused, unknown name, no network, or a timeout.
        case unreachable(String)
        /// TLS failed: the server's certificate is not trusted, or the server did not accept ours.
        case untrusted(String)
        /// The connection ended before the answer was complete.
        case cutOff
        /// Nothing of an answer arrived within `UpstreamTimeouts.firstByte`.
        case firstByteTimedOut(Duration)
        /// The answer, or the server's reading of the request, stalled for `UpstreamTimeouts.idle`.
        case idleTimedOut(Duration)
        /// The whole exchange took longer than `UpstreamTimeouts.total`.
        case totalTimedOut(Duration)
        /// The answer is not valid HTTP, or its head is too large.
        case malformed(String)
        /// The body is longer than the reader accepts.
        case tooLarge(bytesMax: Int)
        /// The request cannot be sent over HTTP, or the source of its body failed; not the server's fault.
        case badRequest(String)
        /// The requesting task was cancelled, or the answer was closed; the connection is closed.
        case cancelled
    }

    package var reason: Reason
    /// Whether any byte of the request may have reached the server. If not, it can be sent elsewhere, whatever it does.
    package var wasSent: Bool
    /// Whether the head of an answer arrived: the caller has seen it, so the request must not be repeated silently.
    package var hasAnswered: Bool

    package init(_ reason: Reason, wasSent: Bool = false, hasAnswered: Bool = false) {
        self.reason = reason
        self.wasSent = wasSent
        self.hasAnswered = hasAnswered
    }

    /// Whether the server, or the network to it, is at fault; counts against its health.
    package var isUpstreamFault: Bool {
        switch self.reason {
        case .badRequest, .cancelled, .tooLarge: false
        default: true
        }
    }

    /// The reason in words, for logs.
    package var sentence: String {
        switch self.reason {
        case .unreachable(let text): "no connection came about: \(text)"
        case .untrusted(let text): "the connection is not to be trusted: \(text)"
        case .cutOff: "the connection ended before the answer did"
        case .firstByteTimedOut(let bound): "nothing of an answer came within \(bound)"
        case .idleTimedOut(let bound): "nothing came for \(bound)"
        case .totalTimedOut(let bound): "it took longer than \(bound)"
        case .malformed(let text): "the answer cannot be read: \(text)"
        case .tooLarge(let bytesMax): "the answer is longer than \(bytesMax) bytes"
        case .badRequest(let text): "the request cannot be sent: \(text)"
        case .cancelled: "the request was cancelled"
        }
    }
}
