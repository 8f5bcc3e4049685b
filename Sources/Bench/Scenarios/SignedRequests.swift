internal import Primitives
internal import Signing

/// Requests of one operation as bytes for the wire, signed before they are timed.
final class SignedRequests {
    /// Signatures hold for fifteen minutes; these are made anew long before.
    private static let ageSecondsMax: Int64 = 300

    /// What of a request its service decides.
    struct Form {
        let service: String
        let path: String
        let contentType: String
        /// What stands before the operation in `X-Amz-Target`; nil where the path names it.
        var targetPrefix: String?

        static let dynamoDB = Form(
            service: Fixture.service, path: "/", contentType: "application/x-amz-json-1.0",
            targetPrefix: "DynamoDB_20120810")
    }

    /// Such as `PutItem`.
    let operation: String
    private let bodies: [[UInt8]]
    private let form: Form
    private let host: String
    private let signer: RequestSigner
    private var signedAt = Timestamp(secondsSinceEpoch: 0)
    private var bytes: [[UInt8]] = []

    /// Requests that are sent in turn.
    init(_ operation: String, bodies: [String], port: UInt16, form: Form = .dynamoDB) throws {
        guard let region = Region(Fixture.regionName) else { throw BenchError("\(Fixture.regionName) is no region") }
        self.operation = operation
        self.bodies = bodies.map { Array($0.utf8) }
        self.form = form
        self.host = "127.0.0.1:\(port)"
        self.signer = RequestSigner(
            credential: Fixture.credential, region: region, service: form.service,
            rules: .standard(signingName: form.service)
        )
    }

    /// The requests, signed within the last minutes.
    func current() throws -> [[UInt8]] {
        let now = SystemClock().now()
        if now.secondsSinceEpoch - self.signedAt.secondsSinceEpoch > Self.ageSecondsMax {
            self.bytes = try self.bodies.indices.map { try self.wire($0, at: now) }
            self.signedAt = now
        }
        return self.bytes
    }

    /// A request's signed head, as a gateway would have parsed it, with its body.
    func signed(_ index: Int, at now: Timestamp) throws -> (head: RequestHead, body: [UInt8]) {
        var head = RequestHead(
            method: "POST", path: self.form.path,
            headers: ["Host": self.host, "Content-Type": self.form.contentType])
        if let prefix = self.form.targetPrefix { head.headers.append("X-Amz-Target", "\(prefix).\(self.operation)") }
        var signed = try self.signer.sign(head, payload: .absent, body: self.bodies[index], at: now).head
        // What an SDK adds without signing it.
        signed.headers.append("User-Agent", "aws-sdk/1.0 md/bench os/linux lang/swift cfg/retry-mode#standard")
        signed.headers.append("amz-sdk-invocation-id", "6b5f7a3c-2d1e-4f0a-9b8c-7d6e5f4a3b2c")
        signed.headers.append("amz-sdk-request", "attempt=1")
        signed.headers.append("Content-Length", String(self.bodies[index].count))
        return (signed, self.bodies[index])
    }

    private func wire(_ index: Int, at now: Timestamp) throws -> [UInt8] {
        let (head, body) = try self.signed(index, at: now)
        var text = "\(head.method) \(head.path) HTTP/1.1\r\n"
        for field in head.headers.fields { text += "\(field.name): \(field.value)\r\n" }
        return Array((text + "\r\n").utf8) + body
    }
}
