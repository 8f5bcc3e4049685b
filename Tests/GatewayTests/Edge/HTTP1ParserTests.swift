import Gateway
import NIOCore
import Primitives
import Testing

/// What a parser makes of a whole input.
enum ParsedInput: Equatable {
    case requests([ParsedRequest])
    case refused(status: Int)
}

struct ParsedRequest: Equatable {
    var head: HTTP1Head
    var body: [UInt8]
}

/// Runs the parsers over the input, handed to them in pieces of the given sizes.
func parseRequests(_ bytes: [UInt8], pieceBytes: Int, limits: EdgeLimits = EdgeLimits()) -> ParsedInput {
    var requests: [ParsedRequest] = []
    var input = ByteBuffer()
    var rest = bytes[...]
    var headParser = HTTP1HeadParser()
    var current: (head: HTTP1Head, parser: HTTP1BodyParser, body: [UInt8])?
    do throws(EdgeRefusal) {
        while true {
            if var (head, parser, body) = current {
                switch try parser.next(&input, limits: limits) {
                case .bytes(let piece):
                    body += piece.readableBytesView
                    current = (head, parser, body)
                    continue
                case .end:
                    head.expectsContinue = false
                    requests.append(ParsedRequest(head: head, body: body))
                    current = nil
                    continue
                case .incomplete:
                    current = (head, parser, body)
                }
            } else if let head = try headParser.next(&input, limits: limits) {
                current = (head, try HTTP1BodyParser(framing: head.framing, limits: limits), [])
                continue
            }
            if rest.isEmpty { return .requests(requests) }
            input.writeBytes(rest.prefix(pieceBytes))
            rest = rest.dropFirst(pieceBytes)
        }
    } catch {
        return .refused(status: error.status)
    }
}

@Suite struct `the HTTP/1.1 parser` {
    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", ""),
        ("POST /a/b?c=d&e HTTP/1.1\r\nHost: a.example:4566\r\n\r\n", "POST", "/a/b", "c=d&e"),
        ("GET /m/arn%3Aaws%3A%2Fx?a=%20?b HTTP/1.1\r\nhOsT: [::1]:80\r\n\r\n", "GET", "/m/arn%3Aaws%3A%2Fx", "a=%20?b"),
        ("GET http://a:80/x?y HTTP/1.1\r\nHost: A:80\r\n\r\n", "GET", "/x", "y"),
        ("GET HTTPS://a HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", ""),
        ("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", "q"),
        ("M-SEARCH /? HTTP/1.1\r\nHost: a\r\n\r\n", "M-SEARCH", "/", ""),
        ("GET / HTTP/1.0\r\n\r\n", "GET", "/", ""),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", ""),
    ])
    func `a lawful head is read whole or byte by byte`(
        text: String, method: String, path: String, query: String
    ) throws {
        for pieceBytes in [1, 7, 100_000] {
            let parsed = parseRequests(Array(text.utf8), pieceBytes: pieceBytes)
            guard case .requests(let requests) = parsed else {
                Issue.record("\(parsed)")
                return
            }
            try #require(requests.count == 1)
            #expect(requests[0].head.request.method == method)
            #expect(requests[0].head.request.path == path)
            #expect(requests[0].head.request.query == query)
            #expect(requests[0].head.framing == .length(0))
        }
    }

    @Test func `header values keep their inner spaces and their UTF-8, and lose the outer blanks`() {
        let text = "GET / HTTP/1.1\r\nHost:a\r\nX-A:  b  c\t \r\nX-Empty:\r\nX-U: \u{E9}\u{1F600}\r\n\r\n"
        let parsed = parseRequests(Array(text.utf8), pieceBytes: 3)
        guard case .requests(let requests) = parsed else {
            Issue.record("\(parsed)")
            return
        }
        let expected: HeaderFields = ["Host": "a", "X-A": "b  c", "X-Empty": "", "X-U": "\u{E9}\u{1F600}"]
        #expect(requests.map(\.head.request.headers) == [expected])
    }

    @Test func `a header value that is not UTF-8 is refused`() {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0xFF, 0xFE] + Array("\r\n\r\n".utf8)
        #expect(parseRequests(bytes, pieceBytes: 1000) == .refused(status: 400))
    }

    @Test(arguments: HostileRequest.all)
    func `a request that can be read in two ways is refused, whole or byte by byte`(_ hostile: HostileRequest) {
        let bytes = Array((hostile.bytes + HostileRequest.smuggled).utf8)
        for pieceBytes in [1, 2, 5, 100_000] {
            #expect(parseRequests(bytes, pieceBytes: pieceBytes) == .refused(status: hostile.status))
        }
    }

    @Test(arguments: [
        ("3\r\nabc\r\n0\r\n\r\n", "abc"),
        ("0003\r\nabc\r\n00\r\n\r\n", "abc"),
        ("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"),
        ("3;name=\"value\";x\r\nabc\r\n0;last\r\n\r\n", "abc"),
        ("1\r\n\r\r\n1\r\n\n\r\n0\r\nX-Trailer: t\r\nX-Other: u\r\n\r\n", "\r\n"),
        ("0\r\n\r\n", ""),
    ])
    func `chunks are joined and trailers dropped`(chunks: String, body: String) {
        let text = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n\(chunks)"
        for pieceBytes in [1, 4, 1000] {
            let parsed = parseRequests(Array((text + HostileRequest.smuggled).utf8), pieceBytes: pieceBytes)
            guard case .requests(let requests) = parsed else {
                Issue.record("\(parsed)")
                return
            }
            #expect(requests.map { String(decoding: $0.body, as: UTF8.self) } == [body, ""])
            #expect(requests.map(\.head.request.path) == ["/", "/smuggled"])
        }
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
        ("HTTP/1.1", "Connection: keep-alive, Close\r\n", false), ("HTTP/1.1", "Connection: upgrade\r\n", true),
        ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
        ("HTTP/1.0", "Connection: keep-alive\r\nConnection: close\r\n", false),
        ("HTTP/1.0", "Connection: keep-alive\t\r\n", false),
    ])
    func `the client decides whether the connection lives on`(version: String, headers: String, keepsAlive: Bool) {
        let parsed = parseRequests(Array("GET / \(version)\r\nHost: a\r\n\(headers)\r\n".utf8), pieceBytes: 1000)
        guard case .requests(let requests) = parsed else {
            Issue.record("\(parsed)")
            return
        }
        #expect(requests.map(\.head.keepsAlive) == [keepsAlive])
    }

    @Test(arguments: [
        ("Host: a\r\nX-A: b\r\nX-Long: 0123456789abcdef\r\n", "Host: a\r\nX-A: b\r\nX-Long: 0123456789abcdef\r\n"),
        ("Host: a\r\nX-A: b\r\nX-C: d\r\n", "Host: a\r\nX-A: c\r\nX-C: d\r\n"),
        ("Host: a\r\nX-A: b\r\n", "Host: a\r\nX-A: b\r\nX-C: d\r\n"),
        ("Host: a\r\nX-A: b\r\nX-C: d\r\n", "Host: a\r\nX-A: b\r\n"),
        ("Host: a\r\nX-A: b\r\n", "X-A: b\r\nHost: a\r\n"),
        ("Host: a\r\nX-A: b\r\n", "Host: a\r\nX-A: bb\r\n"),
        ("Host: a\r\nX-A: bb\r\n", "Host: a\r\nX-A: b\r\n"),
        ("Host: a\r\nX-A:\tb\r\n", "Host: a\r\nX-A:\tb\r\n"),
        ("Host: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n", "Host: a\r\nContent-Length: 0\r\n"),
        ("Host: a\r\nX-A: \(String(repeating: "b", count: 3000))\r\n", "Host: a\r\nX-A: b\r\n"),
    ])
    func `a request is read as if it were the first of its connection`(first: String, second: String) {
        func requests(_ text: String) -> [ParsedRequest] {
            guard case .requests(let requests) = parseRequests(Array(text.utf8), pieceBytes: 1000) else { return [] }
            return requests
        }
        let texts = [first, second, first, second].map { "GET / HTTP/1.1\r\n\($0)\r\n" }
        let alone = texts.flatMap(requests)
        #expect(alone.count == 4)
        #expect(requests(texts.joined()) == alone)
    }

    @Test(arguments: [
        "Connection: keep-alive\t\r\n", "Connection: close\r\n", "Connection: a\t, b\r\n",
    ])
    func `what a line says of the connection holds when it is repeated`(line: String) {
        let text = "GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n"
        guard case .requests(let requests) = parseRequests(Array((text + text).utf8), pieceBytes: 1000) else {
            Issue.record("two lawful requests were refused")
            return
        }
        #expect(requests.map(\.head.keepsAlive) == [false, false])
    }

    @Test(arguments: [
        "Host: a\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n",
    ])
    func `lines that contradict those before are refused also where one of them is repeated`(added: String) {
        let first = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        let second = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\(added)\r\n"
        #expect(parseRequests(Array((first + second).utf8), pieceBytes: 1000) == .refused(status: 400))
    }

    @Test func `header lines up to the limit are taken, one more is refused`() {
        var limits = EdgeLimits()
        limits.headerCountMax = 5
        func text(_ count: Int) -> [UInt8] {
            let lines = (1..<count).map { "X-\($0): y\r\n" }.joined()
            return Array("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n".utf8)
        }
        guard case .requests(let requests) = parseRequests(text(5), pieceBytes: 1000, limits: limits) else {
            Issue.record("5 headers were refused")
            return
        }
        #expect(requests.map(\.head.request.headers.count) == [5])
        #expect(parseRequests(text(6), pieceBytes: 1000, limits: limits) == .refused(status: 431))
        #expect(parseRequests(text(6), pieceBytes: 1, limits: limits) == .refused(status: 431))
    }

    @Test func `a head up to the limit is taken, one byte more is refused`() {
        var limits = EdgeLimits()
        limits.headBytesMax = 200
        func text(_ bytes: Int) -> [UInt8] {
            let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n"
            let filler = String(repeating: "y", count: bytes - frame.utf8.count)
            return Array("GET / HTTP/1.1\r\nHost: a\r\nX: \(filler)\r\n\r\n".utf8)
        }
        #expect(text(200).count == 200)
        for pieceBytes in [1, 1000] {
            guard case .requests(let requests) = parseRequests(text(200), pieceBytes: pieceBytes, limits: limits) else {
                Issue.record("200 bytes were refused")
                return
            }
            #expect(requests.count == 1)
            #expect(parseRequests(text(201), pieceBytes: pieceBytes, limits: limits) == .refused(status: 431))
        }
    }

    @Test func `a target up to the limit is taken, one byte more is refused`() {
        var limits = EdgeLimits()
        limits.targetBytesMax = 50
        func text(_ bytes: Int) -> [UInt8] {
            Array("GET /\(String(repeating: "a", count: bytes - 1)) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        }
        guard case .requests(let requests) = parseRequests(text(50), pieceBytes: 1000, limits: limits) else {
            Issue.record("50 bytes were refused")
            return
        }
        #expect(requests.count == 1)
        #expect(parseRequests(text(51), pieceBytes: 1000, limits: limits) == .refused(status: 414))
        let endless = Array("GET /\(String(repeating: "a", count: 1000))".utf8)
        #expect(parseRequests(endless, pieceBytes: 10, limits: limits) == .refused(status: 414))
    }

    @Test func `a body up to the limit is taken, one byte more is refused`() {
        var limits = EdgeLimits()
        limits.bodyBytesMax = 10
        func sized(_ count: Int) -> [UInt8] {
            let head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n"
            return Array(head.utf8) + Array(repeating: 65, count: count)
        }
        func chunked(_ count: Int) -> [UInt8] {
            let chunks = String(repeating: "1\r\nA\r\n", count: count)
            return Array("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n".utf8)
        }
        for make in [sized, chunked] {
            guard case .requests(let requests) = parseRequests(make(10), pieceBytes: 1000, limits: limits) else {
                Issue.record("10 bytes were refused")
                return
            }
            #expect(requests.map(\.body.count) == [10])
            #expect(parseRequests(make(11), pieceBytes: 1000, limits: limits) == .refused(status: 413))
        }
    }
}
