internal import Primitives
package import ServiceModel

/// Decodes request bodies with `Content-Encoding: gzip`, which SDKs use for large requests, and compresses answers for
/// clients that accept gzip.
package enum ContentEncoding {
    /// Undoes a request's last encoding if that is gzip, and removes it from the header.
    ///
    /// A streamed blob is left as it is: S3 stores an object with its encoding. Encodings other than gzip are left to
    /// the service. The signature covers the encoded bytes, so this follows authentication. Throws `limitExceeded` for
    /// more than `bytesMax` decoded bytes, `malformed` for invalid gzip.
    package static func undo(
        in request: inout InboundRequest, for operation: OperationSchema, bytesMax: Int
    ) throws(ShapeError) {
        guard let encodings = self.encodingsUnderGzip(request, operation) else { return }
        request.head.headers.remove("Content-Encoding")
        if !encodings.isEmpty { request.head.headers.append("Content-Encoding", encodings.joined(separator: ", ")) }
        guard !request.body.isEmpty else { return }
        let inflater = try GzipInflater(outputBytesMax: bytesMax)
        var body: [UInt8] = []
        try inflater.inflate(request.body, appendingTo: &body)
        try inflater.finish()
        request.body = body
    }

    /// Whether `undo` inflates the body.
    package static func isGzip(_ request: InboundRequest, for operation: OperationSchema) -> Bool {
        self.encodingsUnderGzip(request, operation) != nil
    }

    /// The other encodings of a request whose last one is gzip; nil for any other.
    private static func encodingsUnderGzip(_ request: InboundRequest, _ operation: OperationSchema) -> [String]? {
        guard let header = request.head.headers.first("Content-Encoding"), !operation.hasStreamingInput else {
            return nil
        }
        var encodings = header.split(separator: ",").map { String($0).trimmed }
        guard encodings.popLast()?.lowercased() == "gzip" else { return nil }
        return encodings
    }

    /// Smaller answers are not compressed: it gains nothing.
    package static let answerBytesMin = 1024

    /// Whether an `Accept-Encoding` header lists gzip without a weight of 0.
    package static func acceptsGzip(_ header: String) -> Bool {
        header.split(separator: ",").contains { part in
            let words = part.split(separator: ";").map { String($0).trimmed.lowercased() }
            guard words.first == "gzip" else { return false }
            return !words.dropFirst().contains { word in
                word.hasPrefix("q=") && word.dropFirst(2).allSatisfy { $0 == "0" || $0 == "." }
            }
        }
    }

    /// - Returns: nil when memory is exhausted.
    package static func gzip(_ body: [UInt8]) -> [UInt8]? {
        guard let deflater = GzipDeflater() else { return nil }
        var output: [UInt8] = []
        deflater.deflate(body, appendingTo: &output)
        deflater.finish(appendingTo: &output)
        return output
    }
}
