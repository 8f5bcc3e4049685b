internal import NIOHPACK
internal import Primitives

/// Converts an HTTP/2 header block to a request head.
///
/// NIOHTTP2 has checked the number and order of the pseudo-headers, and that names are in lower case. Values, method,
/// target and authority must obey the same rules as in HTTP/1.1, so that the layers above see one kind of request.
enum HTTP2RequestReader {
    static func read(_ block: HPACKHeaders, limits: EdgeLimits) throws(EdgeRefusal) -> RequestHead {
        var method = ""
        var target = ""
        var authority: String?
        var host: String?
        var headers = HeaderFields()
        headers.reserveCapacity(block.count)
        for (name, value, _) in block {
            switch name {
            case ":method": method = value
            case ":path": target = value
            case ":authority": authority = value
            case ":scheme": break
            case "host":
                guard host == nil else { throw .malformed(.host) }
                host = value
            default:
                try self.checkField(name, value)
                headers.append(name, value)
            }
        }
        guard headers.all("content-length").count <= 1 else { throw .malformed(.contentLength) }
        guard HTTPSyntax.isMethod(method.utf8), method != "CONNECT" else { throw .malformed(.method) }
        guard target.utf8.count <= limits.targetBytesMax else { throw .targetTooLong }
        guard target.utf8.first == UInt8(ascii: "/"), target.utf8.allSatisfy(HTTPSyntax.isTarget) else {
            throw .malformed(.target)
        }
        try self.checkSize(block, count: headers.count, limits)
        guard let name = authority ?? host, HTTPSyntax.isHostValue(name) else { throw .malformed(.host) }
        if let authority, let host, !HTTPSyntax.equal(authority, host) { throw .malformed(.host) }
        headers.append("host", name)
        return RequestHead(method: method, target: target, headers: headers)
    }

    /// Trailers are discarded, but must not be longer than in HTTP/1.1.
    static func checkTrailers(_ block: HPACKHeaders, limits: EdgeLimits) throws(EdgeRefusal) {
        try self.checkSize(block, count: block.count, limits)
    }

    /// Counts bytes as HTTP/1.1 would send them: with a colon, a space and a line end for each field.
    private static func checkSize(_ block: HPACKHeaders, count: Int, _ limits: EdgeLimits) throws(EdgeRefusal) {
        var bytes = 0
        for (name, value, _) in block { bytes += name.utf8.count + value.utf8.count + 4 }
        guard count <= limits.headerCountMax, bytes <= limits.headBytesMax else { throw .headTooLarge }
    }

    /// HPACK can carry values that would end a line in HTTP/1.1; connection-specific fields are forbidden (RFC 9113,
    /// 8.2).
    private static func checkField(_ name: String, _ value: String) throws(EdgeRefusal) {
        guard !name.isEmpty, name.utf8.allSatisfy(HTTPSyntax.isToken) else { throw .malformed(.headerName) }
        guard value.utf8.allSatisfy(HTTPSyntax.isFieldValue) else { throw .malformed(.headerValue) }
        switch name {
        case "connection", "keep-alive", "proxy-connection", "upgrade": throw .malformed(.headerName)
        case "transfer-encoding": throw .malformed(.transferEncoding)
        case "te": guard value == "trailers" else { throw .malformed(.headerValue) }
        case "content-length":
            guard HeaderFields.contentLength(value.utf8.span) != nil else { throw .malformed(.contentLength) }
        case "expect":
            guard HTTPSyntax.equal(value, "100-continue") else { throw .expectationFailed }
        default: break
        }
    }
}
