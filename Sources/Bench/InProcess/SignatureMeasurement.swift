internal import Primitives
internal import Signing

/// SigV4 alone: a parsed head and its body, verified with a key that is in the cache.
struct SignatureMeasurement: Measurement {
    let name: String
    private let requests: SignedRequests
    private let keys = SigningKeyCache()

    var concurrency: Int? { nil }

    static func all() throws -> [any Measurement] {
        [
            SignatureMeasurement(name: "SigV4 verify GetItem", requests: try Scenario.getItem.requests(port: 4566)),
            SignatureMeasurement(name: "SigV4 verify PutItem", requests: try Scenario.putItem.requests(port: 4566)),
        ]
    }

    func sample(seconds: Double) async throws -> [Metric: Double] {
        let now = SystemClock().now()
        let (head, body) = try self.requests.signed(0, at: now)
        let nanoseconds = try CallTimer.nanosecondsPerCall(seconds: seconds) {
            let checked = try ParsedAuthorization.read(head).checked(
                by: .standard(signingName: Fixture.service), headers: head.headers, now: now, isTLS: false,
                keys: self.keys)
            consume(try checked.verify(head, body: .bytes(body), credential: Fixture.credential, keys: self.keys))
        }
        return [.nanosecondsPerCall: nanoseconds]
    }
}
