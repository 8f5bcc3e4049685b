/// What stood on the wire where a value of another kind was due.
package enum WireToken: UInt8, Sendable, Hashable {
    case null, boolean, number, string, array, object
}

/// Why a request could not be read. Each protocol words it its own way, so the parts are kept apart.
package indirect enum ShapeError: Error, Sendable, Hashable {
    /// Not a document of the format at all: broken syntax, bad UTF-8, a cut body.
    case malformed(String)
    /// A well-formed value of the wrong kind; `member` is the model's name of the place.
    case typeMismatch(found: WireToken, expected: ShapeType, member: String)
    /// The right kind, but not a legal text: base64, timestamp, number out of range, several members of a union.
    case invalidValue(String, expected: ShapeType, member: String)
    /// Over a limit of this server: nesting, body size, number of members.
    case limitExceeded(String)
    /// The `Content-Type` is not the protocol's (HTTP 415).
    case unsupportedMediaType
    /// The client cannot take what the operation answers (HTTP 406).
    case notAcceptable
}
