/// Why a request to another server has no whole answer, and how far it came.
package struct UpstreamError: Error, Sendable, Equatable {
    /// What happened.
    package enum Reason: Error, Sendable, Equatable {
        /// No connection came about: nobody listens, no such name, no network, or the time for it was over.
        case unreachable(String)
        /// The other side could not prove who it is, or did not accept our certificate.
        case untrusted(String)
        /// The connection ended before the answer did.
        case cutOff
        /// Nothing of an answer came in the time that a request may wait for it.
        case firstByteTimedOut(Duration)
        /// The answer, or what the other side takes of the request, came to a halt for so long.
        case idleTimedOut(Duration)
        /// The whole exchange took longer than it may.
        case totalTimedOut(Duration)
        /// What came is no HTTP, or its head is over the bound.
        case malformed(String)
        /// The body is longer than the reader takes.
        case tooLarge(bytesMax: Int)
        /// The request is none that HTTP can carry, or the source of its body failed; the other side is not to blame.
        case badRequest(String)
        /// The asking task was cancelled, or the answer closed; so is the connection.
        case cancelled
    }

    package var reason: Reason
    /// Whether any byte of the request may have reached the other side. Where not, it can be sent elsewhere, whatever
    /// it does.
    package var wasSent: Bool
    /// Whether the head of an answer came: then the caller has seen it, and nobody may ask again in silence.
    package var hasAnswered: Bool

    package init(_ reason: Reason, wasSent: Bool = false, hasAnswered: Bool = false) {
        self.reason = reason
        self.wasSent = wasSent
        self.hasAnswered = hasAnswered
    }

    /// Whether the other side, or the way to it, is at fault, as health counts it.
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
