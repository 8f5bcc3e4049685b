import BedrockRuntimeService
import Primitives
import ServiceModel
import Testing

/// Somebody in another account, or in another region.
private func stranger(account: AccountID = caller.account, region: Region = caller.region) -> RequestContext {
    let principal = Principal(
        kind: .root, account: account, arn: "arn:aws:iam::\(account):root", userID: "\(account)", accessKeyID: "B")
    return RequestContext(
        requestID: caller.requestID, principal: principal, region: region, time: caller.time,
        sourceAddress: "127.0.0.1", isTLS: false, userAgent: "", host: "")
}

private func response(_ id: String, after previous: String? = nil, bytes: Int = 0) -> KeptResponse {
    KeptResponse(
        account: caller.account, region: caller.region, previous: previous, input: [.string("asked \(id)")],
        response: .object(["id": .string(id), "output": .array([.string("said \(id)")])]), bytes: bytes)
}

struct KeptResponsesTests {
    private let kept = KeptResponses()

    @Test func `all that was said up to the end of a response is told, while all of it is kept`() {
        self.kept.keep(response("a"))
        self.kept.keep(response("b", after: "a"))
        self.kept.keep(response("c", after: "b"))
        #expect(
            self.kept.items(upTo: "c", caller)?.map(\.text) == [
                "asked a", "said a", "asked b", "said b", "asked c", "said c",
            ])
        #expect(self.kept.items(upTo: "d", caller) == nil)
        #expect(self.kept.remove("b", caller))
        #expect(!self.kept.remove("b", caller))
        #expect(self.kept.items(upTo: "c", caller) == nil)
        #expect(self.kept.items(upTo: "a", caller)?.count == 2)
        #expect(self.kept.response("c", caller) != nil)
    }

    @Test func `the oldest go when the newest need their room`() {
        for number in 0..<6 { self.kept.keep(response("\(number)", bytes: 8 << 20)) }
        let ids = (0..<6).filter { self.kept.response("\($0)", caller) != nil }
        #expect(ids == [3, 4, 5])
        // What was deleted needs none.
        #expect(self.kept.remove("4", caller))
        self.kept.keep(response("6", bytes: 8 << 20))
        #expect(self.kept.response("3", caller) != nil)
    }

    @Test func `nobody sees those of another account or region`() throws {
        let account = try #require(AccountID("999999999999"))
        let region = try #require(Region("us-west-2"))
        self.kept.keep(response("a"))
        for other in [stranger(account: account), stranger(region: region)] {
            #expect(self.kept.response("a", other) == nil)
            #expect(self.kept.items(upTo: "a", other) == nil)
            #expect(!self.kept.remove("a", other))
        }
        #expect(self.kept.response("a", caller) != nil)
    }
}
