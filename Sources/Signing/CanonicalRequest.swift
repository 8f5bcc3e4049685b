internal import Primitives

/// The canonical text of a request, which client and server hash.
///
/// - Source: IAM User Guide, "Create a signed AWS API request", step 1 "Create a canonical request".
enum CanonicalRequest {
    /// The initial capacity; longer requests grow the buffer.
    private static let byteCountUsual = 1024

    /// - Parameters:
    ///   - head: the request.
    ///   - signed: its signed headers.
    ///   - bytes: hold the list that names them.
    ///   - list: where the list is.
    ///   - form: how the path is written.
    ///   - payload: what stands in the last line, a hash in hexadecimal or a marker.
    /// - Returns: the text, as it is hashed.
    /// - Throws: `malformedURI`
    static func bytes(
        _ head: RequestHead, signed: SignedFields, in bytes: [UInt8], _ list: Range<Int>,
        form: SigningRules.PathForm, payload: PayloadLine
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
        self.appendHeaders(signed, bytes, head.headers, to: &output)
        output.append(newline)
        output.append(contentsOf: bytes[list])
        output.append(newline)
        payload.append(to: &output)
        return output
    }

    /// One line for each name. A name without a header gets an empty value, as it would from a client that signed it
    /// so; thus a header that was lost on the way shows as a mismatch.
    private static func appendHeaders(
        _ signed: SignedFields, _ bytes: [UInt8], _ headers: HeaderFields, to output: inout [UInt8]
    ) {
        let texts = headers.bytes.span
        let lines = headers.lines.span
        for index in signed.entries.indices {
            let entry = signed.entries[index]
            output.append(contentsOf: bytes[entry.range])
            output.append(UInt8(ascii: ":"))
            if entry.line >= 0 {
                self.appendTrimmed(texts.extracting(lines[Int(entry.line)].value), to: &output)
            } else if equal(bytes.span, entry.range, ":authority") {
                // HTTP/2's pseudo-header; the edge passes it on as `Host`.
                if let host = headers.firstLine("host") {
                    self.appendTrimmed(texts.extracting(host.value), to: &output)
                }
            }
            for further in signed.furtherLines where Int(further.entry) == index {
                output.append(UInt8(ascii: ","))
                self.appendTrimmed(texts.extracting(lines[Int(further.line)].value), to: &output)
            }
            output.append(UInt8(ascii: "\n"))
        }
    }

    /// Trims white space at both ends and folds runs of it within to one space.
    private static func appendTrimmed(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        guard self.needsTrimming(bytes) else {
            unsafe bytes.withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
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
            guard byte <= UInt8(ascii: " ") else {
                wasSpace = false
                continue
            }
            if self.isSpace(byte) {
                if wasSpace || byte != UInt8(ascii: " ") { return true }
                wasSpace = true
            } else {
                wasSpace = false
            }
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

/// The string to sign.
enum StringToSign {
    /// - Parameters:
    ///   - amzDate: the request's date as `AmzDate` writes it.
    ///   - scope: the text of the scope.
    ///   - hash: of the canonical request.
    /// - Returns: the text for a whole request.
    static func bytes(amzDate: String, scope: ArraySlice<UInt8>, hash: Digest256) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(192)
        self.appendHead(SigningAlgorithm.hmac, amzDate: amzDate, scope: scope, to: &output)
        hash.appendHex(to: &output)
        return output
    }

    /// The lines that every kind of string to sign begins with, including the newline after the scope.
    static func appendHead(_ algorithm: String, amzDate: String, scope: ArraySlice<UInt8>, to output: inout [UInt8]) {
        output.append(contentsOf: algorithm.utf8)
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: amzDate.utf8)
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: scope)
        output.append(UInt8(ascii: "\n"))
    }
}
