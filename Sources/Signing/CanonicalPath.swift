internal import Primitives

/// The second line of a canonical request.
enum CanonicalPath {
    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    /// - Throws: `malformedURI`, in S3's form only; the other form takes a `%` literally.
    static func append(_ path: String, form: SigningRules.PathForm, to output: inout [UInt8]) throws(SigningError) {
        if path.utf8.count <= 1 {
            output.append(self.slash)
            return
        }
        switch form {
        case .normalizedAndEncodedTwice:
            if self.needsNormalization(path.utf8.span) {
                PercentEncoding.append(self.normalized(path), keepingSlash: true, to: &output)
            } else {
                PercentEncoding.append(path.utf8, keepingSlash: true, to: &output)
            }
        case .encodedOnce:
            guard let decoded = PercentEncoding.decode(path.utf8) else { throw .malformedURI }
            PercentEncoding.append(decoded, keepingSlash: true, to: &output)
        }
    }

    /// Whether a segment is empty or begins with a dot; a trailing slash does not count as an empty segment.
    private static func needsNormalization(_ path: Span<UInt8>) -> Bool {
        for index in 0..<(path.count - 1) where path[index] == self.slash {
            if path[index + 1] == self.slash || path[index + 1] == self.dot { return true }
        }
        return path[0] != self.slash
    }

    /// Removes dot segments, as RFC 3986 does, and empty segments, as AWS does.
    /// - Source: the path cases of AWS's SigV4 test suite.
    private static func normalized(_ path: String) -> [UInt8] {
        var segments: [ArraySlice<UInt8>] = []
        for segment in Array(path.utf8).split(separator: self.slash) {
            if segment.elementsEqual("..".utf8) {
                _ = segments.popLast()
            } else if !segment.elementsEqual(".".utf8) {
                segments.append(segment)
            }
        }
        var output: [UInt8] = []
        output.reserveCapacity(path.utf8.count)
        for segment in segments {
            output.append(self.slash)
            output.append(contentsOf: segment)
        }
        if segments.isEmpty || path.utf8.last == self.slash { output.append(self.slash) }
        return output
    }
}
