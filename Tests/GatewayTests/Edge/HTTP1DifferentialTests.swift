import Gateway
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Primitives
import TestSupport
import Testing

/// What llhttp, an independent parser, makes of the same bytes.
private func parseWithReference(_ bytes: [UInt8]) -> [ParsedByReference] {
    let channel = EmbeddedChannel()
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    var requests: [ParsedByReference] = []
    var current: ParsedByReference?
    do {
        try channel.pipeline.syncOperations.addHandler(
            ByteToMessageHandler(
                HTTPRequestDecoder(
                    leftOverBytesStrategy: .dropBytes)))
        try channel.writeInbound(ByteBuffer(bytes: bytes))
    } catch {
        // What was read before the error counts.
    }
    while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
        switch part {
        case .head(let head):
            current = ParsedByReference(
                method: head.method.rawValue, uri: head.uri, headers: head.headers.map { "\($0.name): \($0.value)" },
                body: [])
        case .body(let buffer): current?.body += buffer.readableBytesView
        case .end:
            if let request = current { requests.append(request) }
            current = nil
        }
    }
    return requests
}

private struct ParsedByReference: Equatable {
    var method: String
    var uri: String
    var headers: [String]
    var body: [UInt8]
}

/// Bends lawful requests in the ways that attackers do.
struct RequestMutator {
    private let random: SeededRandomSource

    init(seed: UInt64) {
        self.random = SeededRandomSource(seed: seed)
    }

    private static let lawful = [
        "GET /a?b=c HTTP/1.1\r\nHost: localhost:4566\r\nUser-Agent: x/1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nX-Amz-Target: T.Op\r\n\r\nhello world",
        "PUT /k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
        "DELETE /k HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        "PATCH http://a/p?q HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "PUT /t HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\nX-T: u\r\n\r\n",
        "HEAD /h HTTP/1.1\r\nHost: a\r\nAuthorization: AWS4-HMAC-SHA256 Credential=a/b, Signature=c\r\n\r\n",
    ]

    private static let tokens = [
        "\r\n", "\n", "\r", "\r\n\r\n", " ", "\t", ":", "\0", "\u{B}", "0", "-", "+", ",", ";", "0x", "\u{7F}", "é",
        "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 0\r\n", "Host: b\r\n",
        "Transfer-Encoding: identity\r\n", "\r\n ", "HTTP/1.1", "http://", "#", "chunked", "\r\n\t", "Expect: x\r\n",
        "0\r\n\r\n", "ffffffffffffffff\r\n", "GET / HTTP/1.1\r\nHost: z\r\n\r\n",
    ]

    func below(_ bound: Int) -> Int {
        Int(self.random.next() % UInt64(bound))
    }

    /// One to three requests on one connection, bent in up to four places.
    func next() -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0...self.below(3) { bytes += Array(Self.lawful[self.below(Self.lawful.count)].utf8) }
        for _ in 0..<self.below(5) {
            let index = self.below(bytes.count)
            switch self.below(5) {
            case 0: bytes[index] = UInt8(truncatingIfNeeded: self.random.next())
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(contentsOf: Array(Self.tokens[self.below(Self.tokens.count)].utf8), at: index)
            case 3:
                // At a line's start, where a token does most harm.
                let start = bytes[index...].firstIndex(of: 0x0A).map { $0 + 1 } ?? index
                bytes.insert(contentsOf: Array(Self.tokens[self.below(Self.tokens.count)].utf8), at: start)
            default:
                let end = min(bytes.count, index + 1 + self.below(20))
                bytes.insert(contentsOf: bytes[index..<end], at: index)
            }
            if bytes.isEmpty { bytes = [0x47] }
        }
        return bytes
    }
}

@Suite struct HTTP1DifferentialTests {
    /// Requests that both parsers know; llhttp refuses methods outside its list.
    private static let commonMethods: Set<String> = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `whatever the parser accepts, llhttp reads in the same way`(own: UInt64) async {
        let seed = SeededRandomSource.testSeed(own)
        let mutator = RequestMutator(seed: seed)
        var acceptedCount = 0
        for round in 0..<2_000 {
            // Tests with sockets run beside this one.
            if round % 50 == 0 { await Task.yield() }
            let bytes = mutator.next()
            let whole = parseRequests(bytes, pieceBytes: bytes.count)
            let pieceBytes = 1 + mutator.below(9)
            #expect(
                parseRequests(bytes, pieceBytes: pieceBytes) == whole,
                "seed \(seed), round \(round), pieces of \(pieceBytes): \(Self.show(bytes))")
            guard case .requests(var requests) = whole, !requests.isEmpty,
                requests.allSatisfy({ Self.commonMethods.contains($0.head.request.method) })
            else { continue }
            // What follows the end of the connection is nobody's.
            if let last = requests.firstIndex(where: { !$0.head.keepsAlive }) { requests.removeSubrange((last + 1)...) }
            let reference = parseWithReference(bytes)
            let ours = requests.map { request in
                let head = request.head.request
                return ParsedByReference(
                    method: head.method, uri: head.query.isEmpty ? head.path : "\(head.path)?\(head.query)",
                    headers: head.headers.fields.map { "\($0.name): \($0.value)" }, body: request.body)
            }
            acceptedCount += 1
            let theirs = reference.prefix(ours.count).map(Self.inOriginForm)
            #expect(
                theirs == ours.map(Self.inOriginForm),
                "seed \(seed), round \(round): \(Self.show(bytes))")
        }
        #expect(acceptedCount > 100)
    }

    private static func show(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).debugDescription
    }

    /// The reference leaves the target as it came.
    private static func inOriginForm(_ request: ParsedByReference) -> ParsedByReference {
        var request = request
        // So are the blanks behind a value.
        request.headers = request.headers.map { line in
            var line = line
            while line.hasSuffix(" ") || line.hasSuffix("\t") { line.removeLast() }
            return line
        }
        for prefix in ["http://a", "https://a"] where request.uri.lowercased().hasPrefix(prefix) {
            request.uri = String(request.uri.dropFirst(prefix.count))
        }
        if request.uri.last == "?" { request.uri.removeLast() }
        if request.uri.first != "/" { request.uri = "/" + request.uri }
        return request
    }
}
