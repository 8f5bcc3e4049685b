package import ServiceModel

/// The format of structures within a body: JSON, XML or CBOR. The HTTP bindings of REST protocols and the events of
/// event streams build on it.
package protocol BodyFormat: Sendable {
    /// The media type of a structure in this format, such as `application/json`.
    var contentType: String { get }

    /// The media type of an event's payload that is a structure; `contentType` unless the protocol defines another.
    var eventContentType: String { get }

    /// A reader positioned before the document's root.
    func makeReader(_ body: [UInt8], root: BodyRoot) throws(ShapeError) -> any BodyReader

    func makeWriter(root: BodyRoot) -> any BodyWriter
}

extension BodyFormat {
    package var eventContentType: String { self.contentType }
}

/// What the root of a document represents; formats with named roots (XML) need it.
package enum BodyRoot: Sendable {
    /// The members of an input, output, error or event without a binding of their own. The root of an input has the
    /// input shape's name, unless the shape has an `xmlName`.
    case structure(ShapeSchema)
    /// One member that is the whole document (`httpPayload`, `eventPayload`).
    case payload(MemberSchema)
    /// A root of that name, for elements that the protocol adds.
    case named(String)
}

/// A reader of one document.
package protocol BodyReader: WireReader {}

/// A writer of one document.
package protocol BodyWriter: ShapeWriter {
    /// The complete document; called once, after the root was closed.
    func takeBytes() -> [UInt8]
}
