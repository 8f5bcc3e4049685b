internal import Primitives

/// The text of a request that both sides hash.
///
/// - Source: IAM User Guide, "Create a signed AWS API request", step 1 "Create a canonical request".
enum CanonicalRequest {
    /// Room for what SDKs sign; longer requests grow the buffer.
    private static let byteCountUsual = 1024

    /// - Parameter payload: what stands in the last line, a hash in hexadecimal or a marker.
    static func bytes(
        _ head: RequestHead, names: SignedHeaderNames, form: SigningRules.PathForm, payload: PayloadLine
    ) throws(SigningError) -> [UInt8] {
        let newline = UInt8(ascii: "\n")
        var output: [UInt8] = []
        output.reserveCapacity(Self.byteCountUsual)
        output.append(contentsOf: head.method.utf8)
        output.append(newline)
        try CanonicalPath.append(head.path, form: form, to: &output)
        output.append(newline)
        if !head.query.isEmpty { try QueryItems(head.query).appendCanonical(to: &output) }
        output.append(newline)
        names.forEach { names, range in
            for index in range { output.append(names[index]) }
            output.append(UInt8(ascii: ":"))
            self.appendValues(of: names, range, head.headers, to: &output)
            output.append(newline)
        }
        output.append(newline)
        output.append(contentsOf: names.text)
        output.append(newline)
        payload.append(to: &output)
        return output
    }

    /// The values of all lines of one name, with commas between. A name without a line has an empty value, as it would
    /// for a client that signed it so; a header that got lost on the way then shows as a mismatch.
    private static func appendValues(
        of names: Span<UInt8>, _ range: Range<Int>, _ headers: HeaderFields, to output: inout [UInt8]
    ) {
        var isFirst = true
        for field in headers.fields where SignedHeaderNames.equal(field.name.utf8.span, names, range) {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            self.appendTrimmed(field.value, to: &output)
        }
        // HTTP/2's name for it; the edge hands it over as `Host`.
        if isFirst, range.count == 10, SignedHeaderNames.equal(":authority".utf8.span, names, range) {
            self.appendTrimmed(headers.first("host") ?? "", to: &output)
        }
    }

    /// White space at both ends goes, runs of it within become one space.
    private static func appendTrimmed(_ value: String, to output: inout [UInt8]) {
        let bytes = value.utf8.span
        guard self.needsTrimming(bytes) else {
            output.append(contentsOf: value.utf8)
            return
        }
        var isFirstWord = true
        var isInSpace = true
        for index in bytes.indices {
            let byte = bytes[index]
            if self.isSpace(byte) {
                isInSpace = true
                continue
            }
            if isInSpace, !isFirstWord { output.append(UInt8(ascii: " ")) }
            isInSpace = false
            isFirstWord = false
            output.append(byte)
        }
    }

    private static func needsTrimming(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 0 else { return false }
        var wasSpace = true
        for index in bytes.indices {
            let byte = bytes[index]
            let isSpace = self.isSpace(byte)
            if isSpace, wasSpace || byte != UInt8(ascii: " ") { return true }
            wasSpace = isSpace
        }
        return wasSpace
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte &- 0x09 < 5
    }
}

/// The last line of a canonical request.
enum PayloadLine {
    case digest(Digest256)
    case marker(String)

    func append(to output: inout [UInt8]) {
        switch self {
        case .digest(let digest): digest.appendHex(to: &output)
        case .marker(let text): output.append(contentsOf: text.utf8)
        }
    }
}

/// The text that is signed.
enum StringToSign {
    /// - Parameter hash: of the canonical request.
    static func bytes(amzDate: String, scope: CredentialScope, hash: Digest256) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(192)
        self.appendHead(SigningAlgorithm.hmac, amzDate: amzDate, scope: scope, to: &output)
        hash.appendHex(to: &output)
        return output
    }

    /// The lines that all kinds begin with, the newline after the scope included.
    static func appendHead(_ algorithm: String, amzDate: String, scope: CredentialScope, to output: inout [UInt8]) {
        output.append(contentsOf: algorithm.utf8)
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: amzDate.utf8)
        output.append(UInt8(ascii: "\n"))
        scope.append(to: &output)
        output.append(UInt8(ascii: "\n"))
    }
}
