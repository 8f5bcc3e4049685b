internal import Primitives

/// Parses the bytes of one complete head, from the request line to the empty line.
///
/// A cursor: every byte is looked at once, and every rule is checked where the byte is read. (The span is passed along,
/// because a struct cannot store one yet.)
struct HTTP1HeadReader {
    private var index = 0

    private var hostCount = 0
    /// The range of the value of `Host`.
    private var host = 0..<0
    private var contentLength: Int?
    private var isChunked = false
    private var closes = false
    private var keepsAlive = false
    private var expectsContinue = false
    /// Whether a tab was trimmed from the value read last.
    private var hasTrimmedTab = false

    private init() {}

    /// Parses one head.
    /// - Parameters:
    ///   - bytes: end with an empty line; every LF in them follows a CR.
    ///   - limits: bound the target and the number of header lines.
    /// - Returns: the head.
    /// - Throws: the first rule that is violated.
    static func read(_ bytes: Span<UInt8>, limits: EdgeLimits) throws(EdgeRefusal) -> HTTP1Head {
        var reader = HTTP1HeadReader()
        return try reader.head(bytes, limits: limits)
    }

    /// Validates a block of trailers, which is then discarded.
    static func checkTrailers(_ bytes: Span<UInt8>) throws(EdgeRefusal) {
        var reader = HTTP1HeadReader()
        while bytes[reader.index] != 0x0D {
            let name = bytes.extracting(try reader.fieldName(bytes))
            _ = try reader.fieldValue(bytes)
            if Self.isForbiddenInTrailer(name) { throw .malformed(.trailer) }
        }
        try reader.checkEnd(bytes)
        try Self.checkText(bytes)
    }

    /// Fields that decide about framing or routing come too late after a body.
    private static func isForbiddenInTrailer(_ name: Span<UInt8>) -> Bool {
        switch name.count {
        case 4: HeaderFields.equalNames(name, "Host")
        case 6: HeaderFields.equalNames(name, "Expect")
        case 7: HeaderFields.equalNames(name, "Trailer")
        case 14: HeaderFields.equalNames(name, "Content-Length")
        case 16: HeaderFields.equalNames(name, "Content-Encoding")
        case 17: HeaderFields.equalNames(name, "Transfer-Encoding")
        default: false
        }
    }

    /// Names are tokens, so invalid UTF-8 can only be in a value.
    private static func checkText(_ lines: Span<UInt8>) throws(EdgeRefusal) {
        do {
            _ = try UTF8Span(validating: lines)
        } catch {
            throw .malformed(.headerValue)
        }
    }

    private mutating func head(_ bytes: Span<UInt8>, limits: EdgeLimits) throws(EdgeRefusal) -> HTTP1Head {
        let method = try self.method(bytes)
        let target = try self.target(bytes, limits: limits)
        let isVersion10 = try self.isVersion10(bytes)
        let headers = try self.headers(bytes)
        try self.checkEnd(bytes)
        guard headers.count <= limits.headerCountMax else { throw .headTooLarge }
        try self.checkHost(bytes, authority: target.authority, isVersion10: isVersion10)
        let framing: HTTP1BodyFraming
        if self.isChunked {
            if self.contentLength != nil { throw .malformed(.ambiguousLength) }
            if isVersion10 { throw .malformed(.transferEncoding) }
            framing = .chunked
        } else {
            framing = .length(self.contentLength ?? 0)
        }
        return HTTP1Head(
            request: RequestHead(method: method, path: target.path, query: target.query, headers: headers),
            framing: framing, isVersion10: isVersion10,
            keepsAlive: isVersion10 ? self.keepsAlive && !self.closes : !self.closes,
            expectsContinue: self.expectsContinue && !isVersion10)
    }

    private mutating func headers(_ bytes: Span<UInt8>) throws(EdgeRefusal) -> HeaderFields {
        let start = self.index
        var lines: [HeaderFields.Line] = []
        lines.reserveCapacity(16)
        while bytes[self.index] != 0x0D {
            let name = try self.fieldName(bytes)
            let value = try self.fieldValue(bytes)
            try self.note(bytes, name, value)
            lines.append(HeaderFields.Line(name: name, value: value, from: start))
        }
        let block = bytes.extracting(start..<self.index)
        try Self.checkText(block)
        return HeaderFields(block, lines: lines)
    }

    private mutating func method(_ bytes: Span<UInt8>) throws(EdgeRefusal) -> String {
        let start = self.index
        while bytes[self.index] != 0x20 {
            let byte = bytes[self.index]
            if byte == 0x0D { throw .malformed(.requestLine) }
            guard HTTPSyntax.isToken(byte), !(byte >= 0x61 && byte <= 0x7A) else { throw .malformed(.method) }
            self.index += 1
        }
        let length = self.index - start
        guard length > 0, length <= HTTPSyntax.methodBytesMax else { throw .malformed(.method) }
        let method = try self.string(bytes, start..<self.index, or: .method)
        self.index += 1
        // CONNECT would name an authority instead of a path; no service here tunnels.
        if method == "CONNECT" { throw .malformed(.method) }
        return method
    }

    private mutating func target(
        _ bytes: Span<UInt8>, limits: EdgeLimits
    ) throws(EdgeRefusal) -> (authority: String?, path: String, query: String) {
        var start = self.index
        var authority: String?
        if bytes[start] != UInt8(ascii: "/") {
            authority = try self.absoluteFormAuthority(bytes)
            start = self.index
        }
        var queryMark: Int?
        while HTTPSyntax.isTarget(bytes[self.index]) {
            if queryMark == nil, bytes[self.index] == UInt8(ascii: "?") { queryMark = self.index }
            self.index += 1
        }
        let end = self.index
        guard bytes[end] == 0x20 else {
            throw bytes[end] == 0x0D ? .malformed(.requestLine) : .malformed(.target)
        }
        guard end - start <= limits.targetBytesMax else { throw .targetTooLong }
        self.index += 1
        var path = try self.string(bytes, start..<(queryMark ?? end), or: .target)
        if path.isEmpty {
            guard authority != nil else { throw .malformed(.target) }
            path = "/"
        }
        var query = ""
        if let queryMark { query = try self.string(bytes, (queryMark + 1)..<end, or: .target) }
        return (authority, path, query)
    }

    /// The authority of `http://authority/path`, which every server must accept (RFC 9112, 3.2.2).
    private mutating func absoluteFormAuthority(_ bytes: Span<UInt8>) throws(EdgeRefusal) -> String {
        let schemeStart = self.index
        while ASCII.isLetter(bytes[self.index]) { self.index += 1 }
        let scheme = try self.string(bytes, schemeStart..<self.index, or: .target)
        guard HTTPSyntax.equal(scheme, "http") || HTTPSyntax.equal(scheme, "https") else { throw .malformed(.target) }
        for expected in [UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "/")] {
            guard bytes[self.index] == expected else { throw .malformed(.target) }
            self.index += 1
        }
        let start = self.index
        while HTTPSyntax.isHost(bytes[self.index]) { self.index += 1 }
        guard self.index > start else { throw .malformed(.target) }
        switch bytes[self.index] {
        case UInt8(ascii: "/"), UInt8(ascii: "?"), 0x20: break
        default: throw .malformed(.target)
        }
        return try self.string(bytes, start..<self.index, or: .target)
    }

    private mutating func isVersion10(_ bytes: Span<UInt8>) throws(EdgeRefusal) -> Bool {
        let start = self.index
        while bytes[self.index] != 0x0D {
            if bytes[self.index] == 0x20 { throw .malformed(.requestLine) }
            self.index += 1
        }
        let version = try self.string(bytes, start..<self.index, or: .version)
        try self.lineEnd(bytes)
        switch version {
        case "HTTP/1.1": return false
        case "HTTP/1.0": return true
        default: throw .malformed(.version)
        }
    }

    private mutating func fieldName(_ bytes: Span<UInt8>) throws(EdgeRefusal) -> Range<Int> {
        let start = self.index
        if bytes[start] == 0x20 || bytes[start] == 0x09 { throw .malformed(.foldedHeader) }
        // A local variable, because the property would be written for each byte.
        var end = start
        while HTTPSyntax.isToken(bytes[end]) { end &+= 1 }
        guard end > start, bytes[end] == UInt8(ascii: ":") else { throw .malformed(.headerName) }
        self.index = end + 1
        return start..<end
    }

    private mutating func fieldValue(_ bytes: Span<UInt8>) throws(EdgeRefusal) -> Range<Int> {
        self.hasTrimmedTab = false
        while bytes[self.index] == 0x20 || bytes[self.index] == 0x09 {
            if bytes[self.index] == 0x09 { self.hasTrimmedTab = true }
            self.index += 1
        }
        let start = self.index
        repeat {
            self.index = ByteScan.firstControl(in: bytes, from: self.index)
            guard bytes[self.index] == 0x09 else { break }
            self.index += 1
        } while true
        var end = self.index
        guard bytes[end] == 0x0D else { throw .malformed(.headerValue) }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 {
            if bytes[end - 1] == 0x09 { self.hasTrimmedTab = true }
            end -= 1
        }
        try self.lineEnd(bytes)
        return start..<end
    }

    private mutating func lineEnd(_ bytes: Span<UInt8>) throws(EdgeRefusal) {
        guard bytes[self.index] == 0x0D, bytes[self.index + 1] == 0x0A else { throw .malformed(.lineEnding) }
        self.index += 2
    }

    /// The empty line must come last: a bare CR at a line's start would hide what follows it.
    private func checkEnd(_ bytes: Span<UInt8>) throws(EdgeRefusal) {
        guard self.index + 2 == bytes.count else { throw .malformed(.lineEnding) }
    }

    private func string(
        _ bytes: Span<UInt8>, _ range: Range<Int>, or what: EdgeRefusal.Malformation
    ) throws(EdgeRefusal) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes.extracting(range)))
        } catch {
            throw .malformed(what)
        }
    }

    /// Notes what a field says about framing.
    private mutating func note(_ bytes: Span<UInt8>, _ name: Range<Int>, _ value: Range<Int>) throws(EdgeRefusal) {
        // By length first: most fields are none of these.
        guard name.count <= 17 else { return }
        let name = bytes.extracting(name)
        switch name.count {
        case 4 where HeaderFields.equalNames(name, "Host"):
            self.hostCount += 1
            self.host = value
        case 6 where HeaderFields.equalNames(name, "Expect"):
            guard HeaderFields.equalNames(bytes.extracting(value), "100-continue") else { throw .expectationFailed }
            self.expectsContinue = true
        case 10 where HeaderFields.equalNames(name, "Connection"):
            self.noteConnection(try self.string(bytes, value, or: .headerValue))
        case 14 where HeaderFields.equalNames(name, "Content-Length"):
            // A tab around these two is legal, but some parsers trim it and others do not.
            guard !self.hasTrimmedTab, self.contentLength == nil,
                let length = HeaderFields.contentLength(bytes.extracting(value))
            else { throw .malformed(.contentLength) }
            self.contentLength = length
        case 17 where HeaderFields.equalNames(name, "Transfer-Encoding"):
            guard !self.hasTrimmedTab, !self.isChunked, HeaderFields.equalNames(bytes.extracting(value), "chunked")
            else { throw .malformed(.transferEncoding) }
            self.isChunked = true
        default: break
        }
    }

    private mutating func noteConnection(_ value: String) {
        // Parsers disagree on tabs here. Closing the connection is always legal, and consistent with all of them.
        if self.hasTrimmedTab || value.utf8.contains(0x09) { self.closes = true }
        if HTTPSyntax.list(value, contains: "close") { self.closes = true }
        if HTTPSyntax.list(value, contains: "keep-alive") { self.keepsAlive = true }
    }

    private func checkHost(_ bytes: Span<UInt8>, authority: String?, isVersion10: Bool) throws(EdgeRefusal) {
        if self.hostCount == 0, isVersion10, authority == nil { return }
        guard self.hostCount == 1, HTTPSyntax.isHostValue(bytes.extracting(self.host)) else {
            throw .malformed(.host)
        }
        // The signature covers Host, while a proxy may route by the target: two different names are an attack.
        if let authority, !HTTPSyntax.equal(authority, try self.string(bytes, self.host, or: .host)) {
            throw .malformed(.host)
        }
    }
}
