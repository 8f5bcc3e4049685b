import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct GzipTests {
    /// `hello hello hello`
    private static let hello = Base64.decode(Array("H4sIAAAAAAACA8tIzcnJV8hAkACAiPnlEQAAAA==".utf8)) ?? []
    /// 64 KiB of zeros in 96 bytes.
    private static let zeros =
        Base64.decode(
            Array(
                ("H4sIAAAAAAACA+3BAQEAAACAkP6v7ggKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAauuOl9cAAAEA").utf8)) ?? []
    private static let operation = OperationSchema(
        name: "PutMetricData", input: JSONTestSchemas.everything, output: JSONTestSchemas.everything)

    private static func inflate(_ pieces: [[UInt8]], max: Int = 1 << 20) throws(ShapeError) -> [UInt8] {
        let inflater = try GzipInflater(outputBytesMax: max)
        var output: [UInt8] = []
        for piece in pieces { try inflater.inflate(piece, appendingTo: &output) }
        try inflater.finish()
        return output
    }

    @Test func `a body is inflated whole, byte by byte and in several members`() throws {
        let text = Array("hello hello hello".utf8)
        #expect(try Self.inflate([Self.hello]) == text)
        #expect(try Self.inflate(Self.hello.map { [$0] }) == text)
        #expect(try Self.inflate([Self.hello + Self.hello]) == text + text)
        #expect(try Self.inflate([Self.zeros]) == [UInt8](repeating: 0, count: 65_536))
    }

    @Test func `a cut or damaged body is malformed`() {
        for count in 0..<Self.hello.count {
            #expect(throws: ShapeError.self, "cut after \(count)") {
                try Self.inflate([Array(Self.hello.prefix(count))])
            }
        }
        // Every bit matters but those of the header's time, flags of the compressor and operating system.
        for index in Self.hello.indices where !(4...9).contains(index) {
            var bytes = Self.hello
            bytes[index] ^= 0x40
            #expect(throws: ShapeError.self, "bit of byte \(index)") { try Self.inflate([bytes]) }
        }
        #expect(throws: ShapeError.self) { try Self.inflate([Self.hello + [1, 2, 3]]) }
    }

    @Test func `a bomb is stopped at the bound`() throws {
        let bound = 1 << 20
        #expect(try Self.inflate([[UInt8]](repeating: Self.zeros, count: 16), max: bound).count == bound)
        // 200 MiB behind 300 KiB.
        let bomb = [UInt8]([[UInt8]](repeating: Self.zeros, count: 3_200).joined())
        let inflater = try GzipInflater(outputBytesMax: bound)
        var output: [UInt8] = []
        #expect(throws: ShapeError.limitExceeded("a body of more than \(bound) bytes behind its Content-Encoding")) {
            try inflater.inflate(bomb, appendingTo: &output)
        }
        #expect(output.count <= bound + 65_536)
    }

    @Test func `the last encoding of a request is undone, earlier ones are left to the service`() throws {
        let head = RequestHead(method: "POST", path: "/", headers: ["Content-Encoding": "custom, gzip"])
        let request = InboundRequest(head: head, body: Self.hello)
        let decoded = try Self.decoded(request, Self.operation)
        #expect(decoded.body == Array("hello hello hello".utf8))
        #expect(decoded.head.headers.all("content-encoding") == ["custom"])
        #expect(throws: ShapeError.self) { try Self.decoded(request, Self.operation, bytesMax: 16) }
    }

    @Test func `streamed blobs and other encodings stay as they came`() throws {
        var blob = ShapeTraits()
        blob.isStreaming = true
        var payload = MemberTraits()
        payload.location = .payload
        let input = ShapeSchema(name: "PutObjectRequest", type: .structure)
        input.define(members: [
            MemberSchema(name: "Body", target: ShapeSchema(name: "Body", type: .blob, traits: blob), traits: payload)
        ])
        let upload = OperationSchema(name: "PutObject", input: input, output: JSONTestSchemas.everything)
        let head = RequestHead(method: "PUT", path: "/b/k", headers: ["Content-Encoding": "gzip"])
        let request = InboundRequest(head: head, body: Self.hello)
        #expect(try Self.decoded(request, upload).body == Self.hello)
        let other = InboundRequest(
            head: RequestHead(method: "POST", path: "/", headers: ["Content-Encoding": "br"]), body: [1])
        #expect(try Self.decoded(other, Self.operation).body == [1])
    }

    private static func decoded(
        _ request: InboundRequest, _ operation: OperationSchema, bytesMax: Int = 100
    ) throws(ShapeError) -> InboundRequest {
        var request = request
        try ContentEncoding.undo(in: &request, for: operation, bytesMax: bytesMax)
        return request
    }

    @Test(
        arguments: [
            ("gzip", true), ("GZIP", true), ("deflate, gzip", true), ("gzip;q=0.5, identity", true),
            ("gzip; q=0", false), ("gzip;q=0.000", false), ("identity", false), ("", false), ("*", false),
            ("gzipped", false),
        ] as [(String, Bool)])
    func `an answer is compressed for who names gzip`(_ header: String, _ isAccepted: Bool) {
        #expect(ContentEncoding.acceptsGzip(header) == isAccepted)
        let head = RequestHead(method: "POST", path: "/", headers: ["Accept-Encoding": header])
        #expect(Exchange(requestID: RequestID("r"), headers: head.headers).acceptsGzip == isAccepted)
    }

    @Test func `what is compressed is inflated again`() throws {
        let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
        let compressed = try #require(ContentEncoding.gzip(body))
        #expect(compressed.count < body.count)
        #expect(try Self.inflate([compressed]) == body)
    }
}
