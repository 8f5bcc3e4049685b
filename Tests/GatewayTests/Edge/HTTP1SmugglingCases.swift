import Testing

/// Requests that must be refused, each the whole input of a connection, followed by one that must not be answered.
struct HostileRequest: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: String
    let status: Int

    init(_ name: String, _ bytes: String, status: Int = 400) {
        self.name = name
        self.bytes = bytes
        self.status = status
    }

    var testDescription: String { self.name }

    /// What an attacker would like to have answered.
    static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func post(_ headers: String, body: String = "") -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(headers)\r\n\(body)"
    }

    private static func chunked(_ body: String) -> String {
        self.post("Transfer-Encoding: chunked\r\n", body: body)
    }

    static let all: [HostileRequest] = Self.lengths + Self.chunks + Self.lines + Self.requestLines + Self.hosts

    static let lengths: [HostileRequest] = [
        .init("CL and TE", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", body: "0\r\n\r\n")),
        .init("TE and CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", body: "0\r\n\r\n")),
        .init("two different CL", post("Content-Length: 4\r\nContent-Length: 5\r\n", body: "abcde")),
        .init("two equal CL", post("Content-Length: 4\r\nContent-Length: 4\r\n", body: "abcd")),
        .init("CL list", post("Content-Length: 4, 4\r\n", body: "abcd")),
        .init("CL with plus", post("Content-Length: +4\r\n", body: "abcd")),
        .init("negative CL", post("Content-Length: -1\r\n")),
        .init("hexadecimal CL", post("Content-Length: 0x4\r\n", body: "abcd")),
        .init("empty CL", post("Content-Length: \r\n")),
        .init("CL with inner space", post("Content-Length: 1 0\r\n")),
        .init("CL over 2^63", post("Content-Length: 9223372036854775808\r\n")),
        .init("CL of twenty digits", post("Content-Length: 00000000000000000004\r\n")),
        .init("CL over every limit", post("Content-Length: 9000000000000000000\r\n"), status: 413),
        .init("TE gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", body: "0\r\n\r\n")),
        .init("TE identity", post("Transfer-Encoding: identity\r\n")),
        .init(
            "TE chunked twice",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", body: "0\r\n\r\n")),
        .init("TE chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n", body: "0\r\n\r\n")),
        .init("TE chunked and identity", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")),
        .init("TE xchunked", post("Transfer-Encoding: xchunked\r\n")),
        .init("TE with vertical tab", post("Transfer-Encoding: \u{B}chunked\r\n")),
        .init("TE quoted", post("Transfer-Encoding: \"chunked\"\r\n")),
        .init("TE empty", post("Transfer-Encoding:\r\n")),
        .init("TE chunked with tab", post("Transfer-Encoding: chunked\t\r\n", body: "0\r\n\r\n")),
        .init("CL with tab", post("Content-Length:\t4\r\n", body: "abcd")),
        .init("TE on HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .init("other expectation", post("Expect: teapot\r\nContent-Length: 1\r\n"), status: 417),
    ]

    static let chunks: [HostileRequest] = [
        .init("chunk size not hexadecimal", chunked("zz\r\nabc\r\n0\r\n\r\n")),
        .init("chunk size empty", chunked("\r\nabc\r\n0\r\n\r\n")),
        .init("chunk size with 0x", chunked("0x3\r\nabc\r\n0\r\n\r\n")),
        .init("chunk size with plus", chunked("+3\r\nabc\r\n0\r\n\r\n")),
        .init("chunk size negative", chunked("-3\r\nabc\r\n0\r\n\r\n")),
        .init("chunk size with leading space", chunked(" 3\r\nabc\r\n0\r\n\r\n")),
        .init("chunk size with trailing space", chunked("3 \r\nabc\r\n0\r\n\r\n")),
        .init("chunk size over 2^64", chunked("10000000000000003\r\nabc\r\n0\r\n\r\n")),
        .init("chunk size over the body limit", chunked("fffffffffffffff\r\nabc"), status: 413),
        .init("chunk size line with bare LF", chunked("3\nabc\r\n0\r\n\r\n")),
        .init("chunk data with bare LF", chunked("3\r\nabc\n0\r\n\r\n")),
        .init("chunk data with CR and more", chunked("3\r\nabc\rx0\r\n\r\n")),
        .init("chunk longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n")),
        .init("chunk extension with CR", chunked("3;a=\rb\r\nabc\r\n0\r\n\r\n")),
        .init("chunk extension with bare LF", chunked("3;a\nabc\r\n0\r\n\r\n")),
        .init(
            "chunk extension without end",
            chunked("3;" + String(repeating: "a", count: 300) + "\r\nabc\r\n0\r\n\r\n")),
        .init("last chunk with bare LF", chunked("0\n\n")),
        .init("trailer with space before colon", chunked("0\r\nA : b\r\n\r\n")),
        .init("trailer with Content-Length", chunked("0\r\nContent-Length: 5\r\n\r\n")),
        .init("trailer with Transfer-Encoding", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n")),
        .init("folded trailer", chunked("0\r\nA: b\r\n c\r\n\r\n")),
        .init("trailer with bare LF", chunked("0\r\nA: b\n\r\n")),
        .init("trailer that starts with CR", chunked("0\r\n\rA: b\r\n\r\n")),
    ]

    static let lines: [HostileRequest] = [
        .init("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        .init("bare LF after a header", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
        .init("bare LF as empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        .init("only bare LF", "GET / HTTP/1.1\nHost: a\n\n"),
        .init("bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: w\r\n\r\n"),
        .init("bare CR in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\rY: y\r\n\r\n"),
        .init("line that starts with CR", "GET / HTTP/1.1\r\nHost: a\r\n\rTransfer-Encoding: chunked\r\n\r\n"),
        .init("CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"),
        .init("folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"),
        .init("folded header with tab", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n"),
        .init("folded first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        .init("folded Transfer-Encoding", post("Transfer-Encoding:\r\n chunked\r\n")),
        .init("space before colon", post("Content-Length : 4\r\n", body: "abcd")),
        .init("tab before colon", post("Content-Length\t: 4\r\n", body: "abcd")),
        .init("space in a name", "GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n"),
        .init("empty name", "GET / HTTP/1.1\r\nHost: a\r\n: z\r\n\r\n"),
        .init("no colon", "GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n"),
        .init("NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\u{0}: z\r\n\r\n"),
        .init("NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}z\r\n\r\n"),
        .init("DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7F}\r\n\r\n"),
        .init("backspace in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{8}\r\n\r\n"),
        .init("name outside ASCII", "GET / HTTP/1.1\r\nHost: a\r\nXé: z\r\n\r\n"),
        .init("parenthesis in a name", "GET / HTTP/1.1\r\nHost: a\r\nX(y): z\r\n\r\n"),
        .init("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]

    static let requestLines: [HostileRequest] = [
        .init("no version", "GET /\r\nHost: a\r\n\r\n"),
        .init("HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
        .init("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
        .init("HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        .init("lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n"),
        .init("version with spaces", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        .init("version with leading zero", "GET / HTTP/01.1\r\nHost: a\r\n\r\n"),
        .init("two spaces after the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("tab as separator", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("no method", " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("lower-case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("method with brackets", "G[T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("method of 33 letters", String(repeating: "A", count: 33) + " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"),
        .init("asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("relative target", "GET a/b HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("target with fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("target with NUL", "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("target outside ASCII", "GET /é HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("target with tab", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("target of another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("absolute target without host", "GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("absolute target with user", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("absolute target of another host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("HTTP/2 preface of another kind", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"),
    ]

    static let hosts: [HostileRequest] = [
        .init("no Host", "GET / HTTP/1.1\r\n\r\n"),
        .init("two different Host", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        .init("two equal Host", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        .init("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        .init("Host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        .init("Host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        .init("Host with space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        .init("two Host on HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    ]
}
