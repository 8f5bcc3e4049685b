internal import Primitives
package import ServiceModel

/// Undoes the compression of request bodies (`Content-Encoding: gzip`), which SDKs apply to large requests, and
/// compresses answers for clients that ask for it.
package enum ContentEncoding {
    /// Undoes a request's last encoding, where that is gzip, and takes it off the head.
    ///
    /// A streamed blob is left alone: S3 keeps an object's encoding with the object. Encodings that are not gzip are
    /// the service's own matter. The signature covers the encoded bytes, so this comes after authentication.
    /// More than `bytesMax` behind the encoding is `limitExceeded`; what does not inflate is `malformed`.
    package static func undo(
        in request: inout InboundRequest, for operation: OperationSchema, bytesMax: Int
    ) throws(ShapeError) {
        guard let header = request.head.headers.first("Content-Encoding"), !operation.hasStreamingInput else {
            return
        }
        var encodings = header.split(separator: ",").map { String($0).trimmed }
        guard encodings.last?.lowercased() == "gzip" else { return }
        encodings.removeLast()
        request.head.headers.remove("Content-Encoding")
        if !encodings.isEmpty { request.head.headers.append("Content-Encoding", encodings.joined(separator: ", ")) }
        guard !request.body.isEmpty else { return }
        let inflater = try GzipInflater(outputBytesMax: bytesMax)
        var body: [UInt8] = []
        try inflater.inflate(request.body, appendingTo: &body)
        try inflater.finish()
        request.body = body
    }

    /// Answers that are smaller gain nothing.
    package static let answerBytesMin = 1024

    /// Whether an `Accept-Encoding` names gzip and does not refuse it with a weight of 0.
    package static func acceptsGzip(_ header: String) -> Bool {
        header.split(separator: ",").contains { part in
            let words = part.split(separator: ";").map { String($0).trimmed.lowercased() }
            guard words.first == "gzip" else { return false }
            return !words.dropFirst().contains { word in
                word.hasPrefix("q=") && word.dropFirst(2).allSatisfy { $0 == "0" || $0 == "." }
            }
        }
    }

    /// - Returns: nil when there is no memory for it.
    package static func gzip(_ body: [UInt8]) -> [UInt8]? {
        guard let deflater = GzipDeflater() else { return nil }
        var output: [UInt8] = []
        deflater.deflate(body, appendingTo: &output)
        deflater.finish(appendingTo: &output)
        return output
    }
}
