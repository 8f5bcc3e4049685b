import Gateway
import NIOPosix
import Primitives
import Telemetry
import Testing

@Suite struct `pages of other servers` {
    @Test(arguments: [
        ("http://localhost:3000", "local", true), ("https://localhost", "local", true),
        ("http://app.localhost:8080", "local", true), ("http://127.0.0.1:5173", "local", true),
        ("http://[::1]:3000", "local", true), ("http://localhost.evil.example", "local", false),
        ("http://evillocalhost", "local", false), ("http://127.0.0.1.evil.example", "local", false),
        ("file://localhost", "local", false), ("null", "local", false), ("", "local", false), ("://", "local", false),
        ("https://app.example.com", "https://app.example.com", true),
        ("https://APP.example.com", "https://app.EXAMPLE.com", true),
        ("http://app.example.com", "https://app.example.com", false),
        ("https://app.example.com:8443", "https://app.example.com", false),
        ("https://app.example.com:8443", "https://app.example.com:*", true),
        ("https://app.example.com", "https://app.example.com:*", true),
        ("https://app.example.com.evil.example", "https://app.example.com:*", false),
        ("null", "*", true), ("https://a.example", "*", true), (String(repeating: "a", count: 513), "*", true),
        ("http://\(String(repeating: "a", count: 495)).localhost", "local", true),
        ("http://\(String(repeating: "a", count: 496)).localhost", "local", false),
    ])
    func `an origin is allowed by the word that stands for it`(origin: String, word: String, isAllowed: Bool) throws {
        let words = try #require(AllowedOrigins([word]))
        let answer = try self.answer(words, "GET", ["Host": "brume.test", "Origin": origin])
        #expect((answer.headers.first("access-control-allow-origin") != nil) == isAllowed)
    }

    @Test(arguments: [
        "app.example.com", "https://", "https://a/b", "https://user@a", "https://*.a.example", "https://:*", "locals",
        "",
    ])
    func `what is no origin is refused`(word: String) {
        #expect(AllowedOrigins([word]) == nil)
    }

    @Test func `there is a bound for the rules`() {
        let many = (0...AllowedOrigins.ruleCountMax).map { "http://a\($0)" }
        #expect(AllowedOrigins(many) == nil)
        #expect(AllowedOrigins(Array(many.dropLast())) != nil)
    }

    @Test func `a browser that asks beforehand is answered without the service`() throws {
        let asked: HeaderFields = [
            "Host": "brume.test", "Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,x-amz-target",
            "Access-Control-Request-Private-Network": "true",
        ]
        let answer = try self.answer(.local, "OPTIONS", asked)
        #expect(answer.status == 200 && !answer.headers.contains("x-seen"))
        #expect(answer.headers.first("access-control-allow-origin") == "http://localhost:3000")
        #expect(answer.headers.first("access-control-allow-methods") == "POST")
        #expect(answer.headers.first("access-control-allow-headers") == "authorization,x-amz-target")
        #expect(answer.headers.first("access-control-allow-private-network") == "true")
        #expect(answer.headers.first("access-control-max-age") == "172800")
        #expect(answer.headers.first("vary") == "Origin")
        #expect(try self.answer(.all, "OPTIONS", asked).headers.first("access-control-allow-origin") == "*")
        let refused = try self.answer(try #require(AllowedOrigins([])), "OPTIONS", asked)
        #expect(refused.status == 403 && !refused.headers.contains("access-control-allow-origin"))
    }

    @Test func `an OPTIONS that asks for nothing is the service's`() throws {
        let answer = try self.answer(.local, "OPTIONS", ["Host": "brume.test", "Origin": "http://localhost:3000"])
        #expect(answer.headers.contains("x-seen"))
    }

    @Test func `clients that are no browsers pass as they are`() throws {
        let none = try #require(AllowedOrigins([]))
        let answer = try self.answer(none, "POST", ["Host": "brume.test"], refusesOthers: true)
        #expect(answer.status == 200 && !answer.headers.contains("access-control-allow-origin"))
    }

    @Test func `a site that gives its name this machine's address is another page like any`() throws {
        let headers: HeaderFields = ["Host": "evil.example:4566", "Origin": "http://evil.example:4566"]
        #expect(try self.answer(.local, "POST", headers, refusesOthers: true).status == 403)
        #expect(try self.answer(.local, "POST", headers, refusesOthers: false).status == 200)
    }

    @Test func `where keys are no secret a page that is not allowed is refused`() throws {
        let headers: HeaderFields = ["Host": "brume.test", "Origin": "https://evil.example"]
        #expect(try self.answer(.local, "POST", headers, refusesOthers: true).status == 403)
        #expect(try self.answer(.local, "POST", headers, refusesOthers: false).status == 200)
        #expect(try self.answer(.all, "POST", headers, refusesOthers: true).status == 200)
    }

    @Test func `whole and streamed answers and the edge's own refusals say that the page may read them`() async throws {
        let responder = ClosureResponder { head, _, _ in
            .collect(limitBytes: 4) { _ in
                EdgeResponse(
                    status: 200,
                    body: .stream { writer in
                        if head.path == "/other" { throw ReplacementResponse { EdgeResponse(status: 418) } }
                        try await writer.write(Array("piece".utf8))
                    })
            }
        }
        let edge = CrossOrigin(responder, allowed: { .local }, refusesOthers: false, metrics: MetricRegistry())
        try await withListener(edge) { listener in
            let client = try await RawClient.connect(port: listener.port)
            let rest = "Host: a\r\nOrigin: http://localhost\r\n"
            try await client.send("GET /piece HTTP/1.1\r\n\(rest)\r\nGET /other HTTP/1.1\r\n\(rest)\r\n")
            try await client.send("POST /long HTTP/1.1\r\n\(rest)Content-Length: 5\r\n\r\n12345")
            let responses = try #require(await client.responses(3))
            #expect(responses.map(\.status) == [200, 418, 413])
            for response in responses {
                #expect(response.headers.all("access-control-allow-origin") == ["http://localhost"])
            }
            client.close()
        }
    }

    /// What a responder that answers at once says through the rules.
    private func answer(
        _ allowed: AllowedOrigins, _ method: String, _ headers: HeaderFields, refusesOthers: Bool = false
    ) throws -> EdgeResponse {
        let inner = ClosureResponder { _, _, _ in .reply(EdgeResponse(status: 200, headers: ["X-Seen": "yes"])) }
        let edge = CrossOrigin(
            inner, allowed: { allowed }, refusesOthers: refusesOthers, metrics: MetricRegistry())
        let loop = LoopContext(index: 0, executor: EventLoopTaskExecutor(MultiThreadedEventLoopGroup.singleton.any()))
        let plan = edge.plan(
            RequestHead(method: method, path: "/", headers: headers), connection: .local, on: loop)
        guard case .reply(let response) = plan else { throw NoReply() }
        return response
    }

    private struct NoReply: Error {}
}
