/// The kind of value that was found on the wire instead of the expected one.
package enum WireToken: UInt8, Sendable, Hashable {
    case null, boolean, number, string, array, object
}

/// Why a request could not be read. Each protocol words it differently, so the parts are kept separate.
package indirect enum ShapeError: Error, Sendable, Equatable {
    /// Not a document of the format: invalid syntax, invalid UTF-8, a truncated body.
    case malformed(String)
    /// A well-formed value of the wrong kind; `member` is the model's name of the place.
    case typeMismatch(found: WireToken, expected: ShapeType, member: String)
    /// The right kind, but an invalid text: base64, timestamp, number out of range, several members of a union.
    case invalidValue(String, expected: ShapeType, member: String)
    /// Over a limit of this server: nesting, body size, number of members.
    case limitExceeded(String)
    /// The `Content-Type` is not the protocol's (HTTP 415).
    case unsupportedMediaType
    /// The client does not accept the operation's media type (HTTP 406).
    case notAcceptable
}
