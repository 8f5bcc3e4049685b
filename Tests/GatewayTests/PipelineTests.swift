import Gateway
import NIOCore
import NIOPosix
import Primitives
import ServiceModel
import Signing
import Telemetry
import TestSupport
import Testing

/// The whole way on values: what the edge is told to do, and in which order the steps have their say.
@Suite struct PipelineTests {
    private let gateway = TestGateway()

    private func limit(_ request: TestRequest) -> Int? {
        if case .collect(let limitBytes, _) = self.gateway.plan(request.head) { limitBytes } else { nil }
    }

    @Test func `a body is gathered up to the bound of its service`() throws {
        #expect(self.limit(.buy) == 4096)
        #expect(self.limit(.json("Shop_20260101.Unlisted")) == 4096)
        #expect(self.limit(.json("Shop_20260101.Nope")) == 4096)
        #expect(self.limit(.json("ShopStreams_20260101.Tail")) == 1 << 20)
        // Which service a form is for stands in the body.
        #expect(self.limit(.count) == 1 << 20)
        #expect(self.limit(.json("Nope.Nope")) == 1 << 20)
        #expect(self.limit(try TestRequest("GET", "/").signed(for: "s3")) == 1 << 20)
    }

    @Test func `a large body is kept of a request only with whose head nothing is wrong`() throws {
        let tail = TestRequest.json("ShopStreams_20260101.Tail")
        let (small, large, tooLarge) = ("65536", "65537", "1048577")
        func isKept(_ request: TestRequest, _ value: String, as name: String = "Content-Length") -> Bool {
            if case .stream = self.gateway.plan(request.with(name, value).head) { false } else { true }
        }
        for request in [
            tail, try tail.signed(for: "till"), try tail.signed(for: "shop", by: TestIdentity.inactive),
            .json("Nope.Nope"),
        ] {
            #expect(isKept(request, small))
            #expect(!isKept(request, large))
            // Refused before it is read.
            #expect(isKept(request, tooLarge))
            #expect(!isKept(request, "chunked", as: "Transfer-Encoding"))
        }
        // A GET of HTTP/2 may have a body whose length nobody says.
        var get = tail
        get.head.method = "GET"
        let plan = self.gateway.plan(get.head, from: .remote)
        #expect({ if case .stream = plan { true } else { false } }())
        // Which operation it is stands in the body.
        for request in [try tail.signed(for: "shop"), .count] {
            #expect(isKept(request, large))
            #expect(isKept(request, "chunked", as: "Transfer-Encoding"))
        }
    }

    @Test func `a path of our own is answered without its body`() {
        guard case .reply(let response) = self.gateway.plan(TestRequest("GET", "/healthz").head) else {
            Issue.record("the body is waited for")
            return
        }
        #expect(response.status == 200)
    }

    @Test(arguments: [
        (TestRequest.json("Shop_20260101.Nope", "{"), "UnknownOperationException"),
        (TestRequest.json("Shop_20260101.Buy", "{"), "MissingAuthenticationTokenException"),
        (TestRequest.json("Shop_20260101.Look", "{"), "SerializationException"),
        (TestRequest.json("Shop_20260101.Look", #"{"Text":""}"#), "ValidationException"),
        (TestRequest.json("Shop_20260101.Look", #"{"Text":"guarded"}"#), "AccessDeniedException"),
    ])
    func `the first step that has something against a request answers it`(
        _ request: TestRequest, _ code: String
    ) async {
        let answer = await self.gateway.send(request)
        #expect(answer.status == 400)
        #expect(answer.text.contains("#\(code)\""), "\(answer.text)")
        #expect(self.gateway.log.requests.map { $0.string("error") } == [code])
    }

    @Test func `every request leaves one line, whatever became of it`() async throws {
        let requests = [
            TestRequest.buy, try TestRequest.buy.signed(for: "shop"), .json("Nope.Nope"), .count,
            TestRequest("GET", "/nope"), try TestRequest("GET", "/").signed(for: "s3"),
        ]
        for request in requests { _ = await self.gateway.send(request) }
        #expect(self.gateway.log.requests.count == requests.count)
    }

    @Test(arguments: [(Pipeline.loopBodyBytesMax, "on the loop"), (Pipeline.loopBodyBytesMax + 1, "elsewhere")])
    func `a large body is worked on beside the event loop, and answered on it`(
        _ bodyBytes: Int, _ place: String
    ) async {
        let head = #"{"Text":"a""#
        let request = TestRequest.json(
            "Shop_20260101.Look", head + String(repeating: " ", count: bodyBytes - head.utf8.count - 1) + "}")
        let (text, isBack) = await Self.place(of: request)
        #expect(text.contains(place), "\(text)")
        #expect(isBack)
    }

    @Test func `a body under gzip is worked on beside the event loop, as it may be a large one`() async throws {
        var request = TestRequest.json("Shop_20260101.Look", "").with("Content-Encoding", "gzip")
        // {"Text":"a"}
        request.body = try #require(Base64.decode("H4sIAAAAAAACA6tWCkmtKFGyUkpUqgUAXsC5WgwAAAA=".utf8))
        let (text, isBack) = await Self.place(of: request)
        #expect(text.contains("elsewhere"), "\(text)")
        #expect(isBack)
    }

    /// The detail of an error, which says where it was written.
    private struct Detail: SizedOutput {
        static let schema = Note.schema

        let heldBytes: Int

        func write(to writer: any ShapeWriter) {
            Note(text: PipelineTests.whereabouts).write(to: writer)
        }
    }

    @Test(arguments: [(Pipeline.loopBodyBytesMax, "on the loop"), (Pipeline.loopBodyBytesMax + 1, "elsewhere")])
    func `a large error is written beside the event loop, and answered on it`(
        _ heldBytes: Int, _ place: String
    ) async {
        let look = TestRequest.json("Shop_20260101.Look")
        let (text, isBack) = await Self.place(of: look) { (_, _) throws(ServiceError) -> String in
            throw ServiceError(code: "Refused", message: "It is.", detail: Detail(heldBytes: heldBytes))
        }
        #expect(text.contains(place), "\(text)")
        #expect(isBack)
    }

    private static let loop = MultiThreadedEventLoopGroup.singleton.any()

    private static var whereabouts: String { self.loop.inEventLoop ? "on the loop" : "elsewhere" }

    /// An answer that says where the handler ran, and whether it was given on the loop.
    private static func place(
        of request: TestRequest, _ handler: @escaping TestGateway.Handler = { (_, _) in PipelineTests.whereabouts }
    ) async -> (text: String, isBack: Bool) {
        let loop = self.loop
        let gateway = TestGateway(handler: handler)
        guard case .collect(_, let respond) = gateway.plan(request.head) else {
            Issue.record("the body is not gathered")
            return ("", false)
        }
        return await Task(executorPreference: EventLoopTaskExecutor(loop)) {
            (Answer(await respond(request.body)).text, loop.inEventLoop)
        }.value
    }

    @Test func `no head and body of a client end the process or are the server's fault`() async {
        let seed = SeededRandomSource.testSeed(0x91BE)
        let random = SeededRandomSource(seed: seed)
        func pick(_ texts: [String]) -> String { texts[Int(random.next() % UInt64(texts.count))] }
        func noise() -> String { String(decoding: random.bytes(Int(random.next() % 12)), as: UTF8.self) }
        for round in 0..<1000 {
            var request = TestRequest(
                pick(["GET", "POST", "PUT", "M"]),
                pick(["/", "/books/\(noise())", "/service/Shop_20260101/operation/\(noise())", "/?\(noise())", "/%"]))
            for (name, values) in [
                ("X-Amz-Target", ["Shop_20260101.Look", "Shop_20260101.\(noise())", noise()]),
                ("Smithy-Protocol", ["rpc-v2-cbor", noise()]), ("Host", ["data-shop.x.y", noise(), "..", "a.b.c.d"]),
                ("Content-Type", ["application/x-www-form-urlencoded", "application/x-amz-json-1.1", noise()]),
                (
                    "Authorization",
                    ["AWS4-HMAC-SHA256 Credential=\(noise())/1/2/shop/aws4_request,\(noise())", noise()]
                ),
                ("Content-Encoding", ["gzip", noise()]), ("X-Amz-Date", ["20231114T221320Z", noise()]),
            ] where random.next() & 1 == 0 {
                request.head.headers.set(name, pick(values))
            }
            request.body = Array(
                pick(["", "{}", #"{"Text":"a"}"#, "Action=Count&Version=2026-02-02", "Action=\(noise())", noise()]).utf8
            )
            let answer = await self.gateway.send(request)
            #expect((200..<500).contains(answer.status) || answer.status == 501, "seed \(seed), round \(round)")
            #expect(answer.headers.first("x-amzn-requestid") != nil, "seed \(seed), round \(round)")
        }
    }

    @Test(
        arguments: [
            (EdgeRefusal.malformed(.host), 400, "BadRequest"), (.targetTooLong, 414, "URITooLong"),
            (.headTooLarge, 431, "RequestHeaderFieldsTooLarge"), (.tooSlow, 408, "RequestTimeout"),
            (.bodyTooLarge, 413, "ContentTooLarge"), (.expectationFailed, 417, "ExpectationFailed"),
            (.noRoom, 503, "ServiceUnavailable"),
        ] as [(EdgeRefusal, Int, String)])
    func `what the edge turns away has a request id and a line of the log`(
        _ refusal: EdgeRefusal, _ status: Int, _ code: String
    ) throws {
        let answer = Answer(self.gateway.refuse(refusal, head: nil))
        #expect(answer.status == status)
        #expect(answer.text == refusal.explanation + "\n")
        let line = try #require(self.gateway.log.requests.first)
        #expect(answer.headers.first("x-amzn-requestid") == line.string("requestId"))
        #expect(line["status"] == .integer(Int64(status)))
        #expect(line.string("error") == code)
        #expect(line.string("client") == ConnectionInfo.local.remoteAddress)
    }

    @Test func `of a request with a head the line says for what it was`() throws {
        let answer = Answer(self.gateway.refuse(.bodyTooLarge, head: TestRequest.buy.head))
        let line = try #require(self.gateway.log.requests.first)
        #expect(line.string("service") == "shop")
        #expect(line.string("operation") == "Buy")
        #expect(answer.headers.first("x-amzn-requestid")?.count == 52)
    }

    @Test(
        arguments: [
            (.bodyTooLarge, 413, "RequestEntityTooLargeException"), (.tooSlow, 408, "RequestTimeoutException"),
            (.malformed(.chunk), 400, "MalformedHttpRequestException"), (.noRoom, 503, "ServiceUnavailable"),
        ] as [(EdgeRefusal, Int, String)])
    func `a request that names a service is turned away in its words`(
        _ refusal: EdgeRefusal, _ status: Int, _ code: String
    ) {
        let answer = Answer(self.gateway.refuse(refusal, head: TestRequest.buy.head))
        #expect(answer.status == status)
        #expect(answer.text.contains(code) && answer.text.contains(refusal.explanation))
        #expect(answer.headers.first("content-type") == "application/x-amz-json-1.0")
        let unknown = Answer(self.gateway.refuse(refusal, head: RequestHead(method: "POST", path: "/nowhere")))
        #expect(unknown.text == refusal.explanation + "\n")
    }
}
