package import ServiceModel

/// JSON as the body of REST services and as the payload of events.
package struct JSONFormat: BodyFormat {
    package let contentType: String
    package let strictness: JSONReader.Strictness

    package init(contentType: String = "application/json", strictness: JSONReader.Strictness = .smithy) {
        self.contentType = contentType
        self.strictness = strictness
    }

    package var eventContentType: String { "application/json" }

    package func makeReader(_ body: [UInt8], root: BodyRoot) throws(ShapeError) -> any BodyReader {
        JSONReader(body, strictness: self.strictness)
    }

    package func makeWriter(root: BodyRoot) -> any BodyWriter {
        JSONWriter()
    }
}
