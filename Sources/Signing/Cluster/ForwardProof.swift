package import Primitives

/// The header with which a gateway proves to a node what it says of a request.
///
///     x-brume-forwarded: v2.<statement, base64>.<HMAC-SHA256, hexadecimal>
///
/// The code covers method, raw path, raw query and every header that is sent on, besides the statement: the operation
/// often stands in a header, so that a statement without it could be put before another operation.
///
/// `v1` had one code behind a body that was passed on as it came, where `v2` has frames. Its key is another one, so
/// that a statement of one cannot be given out for one of the other.
package enum ForwardProof {
    package static let headerName = "x-brume-forwarded"
    /// Headers of this prefix are spoken between processes of Brume only.
    package static let reservedPrefix = "x-brume-"
    static let version = "v2"
    /// The longest header that is looked at, in bytes.
    static let headerBytesMax = 16 * 1024

    /// Whether a header belongs to one connection, or to the way the body is cut up, and is not passed on: the next hop
    /// has its own.
    package static func isOfOneHop(_ name: Span<UInt8>) -> Bool {
        // By length: of every header nearly all of these would be compared for nothing.
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

    /// - Returns: what the header is to say, and the code that the frames of the body begin with.
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

    /// What a gateway says of a request, once it is proven that a gateway says it, of this request, and lately. That it
    /// was not heard before is the matter of a `ReplayWindow`.
    package static func open(
        _ head: RequestHead, with key: ClusterKey, now: Timestamp
    ) throws(ForwardError) -> (statement: ForwardStatement, tag: Digest256) {
        let values = head.headers.all(Self.headerName)
        guard let value = values.first else { throw .absent }
        // Two of them could be read differently by a proxy.
        guard values.count == 1, value.utf8.count <= Self.headerBytesMax else { throw .malformed }
        let parts = value.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed }
        guard parts[0].elementsEqual(Self.version.utf8) else { throw .otherVersion }
        guard let bytes = Base64.decode(parts[1]), let tag = Digest256(lowercaseHex: parts[2]) else {
            throw .malformed
        }
        // The code first: nothing that is not proven is looked at.
        guard key.forwarding.code(of: Self.text(bytes, head)) == tag else { throw .forged }
        guard let statement = ForwardStatement(bytes: bytes) else { throw .malformed }
        let (age, overflow) = now.millisecondsSinceEpoch.subtractingReportingOverflow(
            statement.issued.millisecondsSinceEpoch)
        guard !overflow, age <= ForwardStatement.lifetimeSeconds * 1000 else { throw .expired }
        guard age >= -ForwardStatement.clockSkewSecondsMax * 1000 else { throw .notYetCurrent }
        return (statement, tag)
    }

    /// Header lines and a request line hold no line feed, so each part ends where it seems to.
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
