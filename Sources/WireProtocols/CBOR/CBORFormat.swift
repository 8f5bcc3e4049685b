package import ServiceModel

/// CBOR as the notation of bodies and events.
package struct CBORFormat: BodyFormat {
    package init() {}

    package var contentType: String { "application/cbor" }

    package func makeReader(_ body: [UInt8], root: BodyRoot) throws(ShapeError) -> any BodyReader {
        CBORReader(body)
    }

    package func makeWriter(root: BodyRoot) -> any BodyWriter {
        CBORWriter()
    }
}
