import Gateway
import Primitives
import Signing
import Testing

/// The share of memory for what is made of a body.
@Suite struct `the memory of inputs` {
    private static var limits: EdgeLimits {
        var limits = EdgeLimits()
        limits.smallBodyBytesMax = 1_000
        limits.largeInputBytesMax = 10_000_000
        limits.bodyRoomTimeout = .milliseconds(50)
        return limits
    }

    private let memory = RequestMemory(Self.limits)
    /// The bytes that were taken while the handler ran.
    private let held = Shared(0)
    private let gateway: TestGateway

    init() {
        let (memory, held) = (self.memory, self.held)
        self.gateway = TestGateway(memory: memory) { text, _ in
            held.change { $0 = memory.inputs.heldBytes }
            return text
        }
    }

    private static let partCount = 50_000
    /// More than what is worked on on the event loop, and nearly nothing but parts.
    private static let manyParts =
        #"{"Text":"hello","Other":["#
        + Array(repeating: "1", count: Self.partCount).joined(separator: ",") + "]}"

    /// `{"Text":"hello"}` under gzip.
    private static func underGzip() throws -> TestRequest {
        var request = TestRequest.buy.with("Content-Encoding", "gzip")
        request.body = try #require(Base64.decode("H4sIAAAAAAACA6tWCkmtKFGyUspIzcnJV6oFAOTSuEQQAAAA".utf8))
        return request
    }

    @Test func `a body of many parts counts by these until its request ends`() async throws {
        let request = try TestRequest.json("ShopStreams_20260101.Tail", Self.manyParts).signed(for: "shop")
        #expect(await self.gateway.send(request).status == 200)
        // Commas are one fewer than values; there are two brackets and another comma.
        #expect(self.held.current == (Self.partCount + 2) * 96)
        #expect(self.memory.inputs.heldBytes == 0)
    }

    @Test func `a long text of few parts counts for nothing, and waits for nobody`() async throws {
        let others = self.memory.inputs.claim(10_000_000, resume: {})?.claim
        let text = #"{"Text":"hello","Other":""# + String(repeating: "a", count: 100_000) + "\"}"
        let request = try TestRequest.json("ShopStreams_20260101.Tail", text).signed(for: "shop")
        #expect(await self.gateway.send(request).status == 200)
        #expect(self.held.current == 10_000_000)
        withExtendedLifetime(others) {}
    }

    @Test func `a body under gzip counts for what it becomes`() async throws {
        let request = try Self.underGzip().signed(for: "shop")
        #expect(await self.gateway.send(request).status == 200)
        #expect(self.held.current == 16 + 96)
        #expect(self.memory.inputs.heldBytes == 0)
    }

    @Test func `without room in time a request gets the service's 503, and with it an answer`() async throws {
        let requests = [
            try TestRequest.json("ShopStreams_20260101.Tail", Self.manyParts).signed(for: "shop"),
            try Self.underGzip().signed(for: "shop"),
        ]
        let others = self.memory.inputs.claim(10_000_000, resume: {})?.claim
        for request in requests {
            let answer = await self.gateway.send(request)
            #expect(answer.status == 503)
            #expect(answer.text.contains("no memory for another large request"))
        }
        let small = try TestRequest.buy.signed(for: "shop")
        #expect(await self.gateway.send(small).status == 200)
        others?.keep(0)
        for request in requests { #expect(await self.gateway.send(request).status == 200) }
    }

    @Test func `who is not known takes no room`() async throws {
        let others = self.memory.inputs.claim(10_000_000, resume: {})?.claim
        let request = TestRequest.json("ShopStreams_20260101.Tail", Self.manyParts)
        #expect(await self.gateway.send(request).text.contains("MissingAuthenticationToken"))
        withExtendedLifetime(others) {}
    }

    @Test func `one body counts for no more than its bound, so that it need not wait for all others`() async throws {
        var limits = Self.limits
        limits.inputBytesMax = 1_000_000
        let memory = RequestMemory(limits)
        let held = self.held
        let gateway = TestGateway(memory: memory) { text, _ in
            held.change { $0 = memory.inputs.heldBytes }
            return text
        }
        let request = try TestRequest.json("ShopStreams_20260101.Tail", Self.manyParts).signed(for: "shop")
        #expect(await gateway.send(request).status == 200)
        #expect(held.current == 1_000_000)
    }
}
