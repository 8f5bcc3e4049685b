package import Primitives

/// The header with which a gateway proves its statement about a request to a node.
///
///      x-brume-forwarded: v2.<statement, base64>.<HMAC-SHA256, hexadecimal>
///
/// Besides the statement, the code covers method, raw path, raw query and every header that is sent on: the operation
/// is often named in a header, so without them a statement could be moved to another operation.
///
/// `v1` had one code after a streamed body, where `v2` has frames. The two use different keys, so that a statement of
/// one version cannot be passed off as one of the other.
package enum ForwardProof {
    package static let headerName = "x-brume-forwarded"
    /// The prefix of headers that only processes of Brume exchange.
    package static let reservedPrefix = "x-brume-"
    static let version = "v2"
    /// The longest header that is read, in bytes.
    static let headerBytesMax = 16 * 1024

    /// Whether a header is hop-by-hop and must not be passed on (connection and body framing).
    package static func isOfOneHop(_ name: Span<UInt8>) -> Bool {
        // By length first: most headers are none of these.
        switch name.count {
        case 2: HeaderFields.equalNames(name, "te")
        case 6: HeaderFields.equalNames(name, "expect")
        case 7: HeaderFields.equalNames(name, "trailer") || HeaderFields.equalNames(name, "upgrade")
        case 10: HeaderFields.equalNames(name, "connection") || HeaderFields.equalNames(name, "keep-alive")
        case 14: HeaderFields.equalNames(name, "content-length")
        case 16: HeaderFields.equalNames(name, "proxy-connection")
        case 17:
            HeaderFields.equalNames(name, "transfer-encoding")
                || HeaderFields.isName(name, startingWith: Self.headerName.utf8.span)
        case 18: HeaderFields.equalNames(name, "proxy-authenticate")
        case 19: HeaderFields.equalNames(name, "proxy-authorization")
        default: false
        }
    }

    /// - Returns: the header's value, and the code with which the chain of the body's frames begins.
    package static func seal(
        _ statement: ForwardStatement, for head: RequestHead, with key: ClusterKey
    ) -> (value: String, tag: Digest256) {
        let bytes = statement.bytes
        let tag = key.forwarding.code(of: Self.text(bytes, head))
        let capacity = Self.version.utf8.count + 2 + Base64.encodedCount(bytes.count) + Digest256.byteCount * 2
        let value = unsafe String(unsafeUninitializedCapacity: capacity) { room in
            var cursor = unsafe ByteCursor(UnsafeMutableRawBufferPointer(room))
            cursor.append(Self.version.utf8.span)
            cursor.append(byte: UInt8(ascii: "."))
            Base64.append(bytes.span, to: &cursor)
            cursor.append(byte: UInt8(ascii: "."))
            cursor.append(tag.description.utf8.span)
            return cursor.count
        }
        return (value, tag)
    }

    /// Verifies that a gateway made the statement, for this request and recently, and returns it. Whether it is a
    /// replay, a `ReplayWindow` must decide.
    package static func open(
        _ head: RequestHead, with key: ClusterKey, now: Timestamp
    ) throws(ForwardError) -> (statement: ForwardStatement, tag: Digest256) {
        let values = head.headers.all(Self.headerName)
        guard let value = values.first else { throw .absent }
        // A proxy might read another of two such headers than this process does.
        guard values.count == 1, value.utf8.count <= Self.headerBytesMax else { throw .malformed }
        let parts = value.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed }
        guard parts[0].elementsEqual(Self.version.utf8) else { throw .otherVersion }
        guard let bytes = Base64.decode(parts[1]), let tag = Digest256(lowercaseHex: parts[2]) else {
            throw .malformed
        }
        // The code first: nothing unverified is parsed.
        guard key.forwarding.code(of: Self.text(bytes, head)) == tag else { throw .forged }
        guard let statement = ForwardStatement(bytes: bytes) else { throw .malformed }
        let (age, overflow) = now.millisecondsSinceEpoch.subtractingReportingOverflow(
            statement.issued.millisecondsSinceEpoch)
        guard !overflow, age <= ForwardStatement.lifetimeSeconds * 1000 else { throw .expired }
        guard age >= -ForwardStatement.clockSkewSecondsMax * 1000 else { throw .notYetCurrent }
        return (statement, tag)
    }

    /// Header lines and request line contain no line feed, so each part ends unambiguously.
    private static func text(_ statement: [UInt8], _ head: RequestHead) -> [UInt8] {
        let bytes = head.headers.bytes.span
        let lines = head.headers.lines.span
        var bytesMax = statement.count + head.method.utf8.count + head.path.utf8.count + head.query.utf8.count + 4
        for index in lines.indices { bytesMax += lines[index].name.count + lines[index].value.count + 2 }
        var output: [UInt8] = []
        output.append(bytesMax: bytesMax) { cursor in
            Self.appendLine(head.method.utf8.span, to: &cursor)
            Self.appendLine(head.path.utf8.span, to: &cursor)
            Self.appendLine(head.query.utf8.span, to: &cursor)
            for index in lines.indices {
                let name = bytes.extracting(lines[index].name)
                if Self.isOfOneHop(name) { continue }
                for place in name.indices { cursor.append(byte: ASCII.lowercased(name[place])) }
                cursor.append(byte: UInt8(ascii: ":"))
                Self.appendLine(bytes.extracting(lines[index].value), to: &cursor)
            }
            cursor.append(byte: UInt8(ascii: "\n"))
            cursor.append(statement.span)
        }
        return output
    }

    private static func appendLine(_ text: Span<UInt8>, to cursor: inout ByteCursor) {
        cursor.append(text)
        cursor.append(byte: UInt8(ascii: "\n"))
    }
}
