internal import Primitives

/// Why the edge itself refuses a request.
package enum EdgeRefusal: Error, Sendable, Equatable {
    /// The bytes are not valid HTTP, or are ambiguous.
    case malformed(Malformation)
    /// The request target is over `EdgeLimits.targetBytesMax`.
    case targetTooLong
    /// The head is over `EdgeLimits.headBytesMax` or `EdgeLimits.headerCountMax`.
    case headTooLarge
    /// The body is over the plan's limit, or over `EdgeLimits.bodyBytesMax`.
    case bodyTooLarge
    /// Head or body arrived more slowly than the limits allow.
    case tooSlow
    /// No room for the body in `EdgeLimits.largeBodyBytesMax`, for what is made of it in `largeInputBytesMax`, or for
    /// the answer in `largeAnswerBytesMax`.
    case noRoom
    /// `Expect` has a value other than `100-continue`.
    case expectationFailed

    /// What is wrong with the bytes.
    package enum Malformation: String, Sendable, Hashable {
        case requestLine = "malformed request line"
        case method = "invalid method"
        case target = "invalid request target"
        case version = "unsupported HTTP version"
        case lineEnding = "a line must end with CR LF"
        case foldedHeader = "folded header lines are not accepted"
        case headerName = "invalid header name"
        case headerValue = "invalid header value"
        case host = "exactly one valid Host header is required"
        case contentLength = "invalid Content-Length"
        case transferEncoding = "unsupported Transfer-Encoding"
        case ambiguousLength = "Content-Length and Transfer-Encoding exclude each other"
        case chunk = "malformed chunk"
        case trailer = "invalid trailer"
    }

    /// The status code of the answer.
    package var status: Int {
        switch self {
        case .malformed: 400
        case .targetTooLong: 414
        case .headTooLarge: 431
        case .bodyTooLarge: 413
        case .tooSlow: 408
        case .noRoom: 503
        case .expectationFailed: 417
        }
    }

    /// One sentence for the client.
    package var explanation: String {
        switch self {
        case .malformed(let what): "Bad request: \(what.rawValue)."
        case .targetTooLong: "The request target is too long."
        case .headTooLarge: "The request headers are too large."
        case .bodyTooLarge: "The request body is too large."
        case .tooSlow: "The request did not arrive in time."
        case .noRoom: "The server has no memory for another large request or answer now. Try again later."
        case .expectationFailed: "Only the expectation 100-continue is understood."
        }
    }

    /// The code in the access log.
    var code: String {
        switch self {
        case .malformed: "BadRequest"
        case .targetTooLong: "URITooLong"
        case .headTooLarge: "RequestHeaderFieldsTooLarge"
        case .bodyTooLarge: "ContentTooLarge"
        case .tooSlow: "RequestTimeout"
        case .noRoom: "ServiceUnavailable"
        case .expectationFailed: "ExpectationFailed"
        }
    }

    /// An answer with the explanation as plain text.
    var response: EdgeResponse {
        EdgeResponse(
            status: self.status, headers: ["Content-Type": "text/plain; charset=utf-8"],
            body: .bytes(Array((self.explanation + "\n").utf8)))
    }
}
