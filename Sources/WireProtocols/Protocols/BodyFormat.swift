package import ServiceModel

/// The notation of structures inside a body: JSON, XML or CBOR. The HTTP bindings of REST protocols sit on top of it,
/// and so do the events of event streams.
package protocol BodyFormat: Sendable {
    /// The media type of a structure in this notation, such as `application/json`.
    var contentType: String { get }

    /// The media type of an event's payload that holds a structure; `contentType` unless the protocol says otherwise.
    var eventContentType: String { get }

    /// A reader standing before the document's root.
    func makeReader(_ body: [UInt8], root: BodyRoot) throws(ShapeError) -> any BodyReader

    func makeWriter(root: BodyRoot) -> any BodyWriter
}

extension BodyFormat {
    package var eventContentType: String { self.contentType }
}

/// What the root of a document stands for; formats that name their root (XML) need to know.
package enum BodyRoot: Sendable {
    /// The members of an input, output, error or event that are bound nowhere else. An input's root bears the input
    /// shape's name, unless it has an `xmlName`.
    case structure(ShapeSchema)
    /// One member that is the whole document (`httpPayload`, `eventPayload`).
    case payload(MemberSchema)
    /// A root of that name, for what the protocol itself adds.
    case named(String)
}

/// A reader of one document.
package protocol BodyReader: WireReader {}

/// A writer of one document.
package protocol BodyWriter: ShapeWriter {
    /// The whole document; called once, after the root has been ended.
    func takeBytes() -> [UInt8]
}
