import Gateway
import NIOCore
import NIOPosix
import Primitives
import ServiceKit
import ServiceModel
import Signing
import Synchronization
import Telemetry

/// A pipeline over made-up services, without a network: requests and answers are values.
struct TestGateway: Sendable {
    /// What every operation does with the text of its input.
    typealias Handler = @Sendable (_ text: String, RequestContext) async throws(ServiceError) -> String

    let log = RecordingLog()
    let clock = ManualClock()
    let metrics = MetricRegistry()
    let pipeline: Pipeline

    init(
        identity: TestIdentity = TestIdentity(),
        mode: Authenticator.Mode = .verify,
        authorizer: any Authorizer = AccountAuthorizer(),
        readiness: Readiness = Readiness(isReady: true),
        documents: [String: @Sendable () -> String] = [:],
        concurrencyMax: Int = 8,
        waitingCountMax: Int = 8,
        memory: RequestMemory = RequestMemory(),
        handler: @escaping Handler = { (text, _) in text },
        refreshMetrics: @escaping @Sendable () -> Void = {}
    ) {
        let services = TestServices(
            concurrencyMax: concurrencyMax, waitingCountMax: waitingCountMax, handler: handler)
        self.pipeline = Pipeline(
            catalog: ServiceCatalog(services.all, metrics: self.metrics),
            routes: InternalRoutes(
                metrics: self.metrics, readiness: { readiness }, refreshMetrics: refreshMetrics, documents: documents),
            authenticator: Authenticator(
                identity: identity, keys: SigningKeyCache(), clock: self.clock, mode: mode, defaultRegion: .standard,
                log: self.log),
            authorizer: authorizer, accessLog: self.log, clock: self.clock, random: SeededRandomSource(seed: 1),
            memory: memory)
    }

    /// What the pipeline wants to do with a request.
    func plan(_ head: RequestHead, from connection: ConnectionInfo = .local) -> RequestPlan {
        let executor = EventLoopTaskExecutor(MultiThreadedEventLoopGroup.singleton.any())
        return self.pipeline.plan(head, connection: connection, on: LoopContext(index: 0, executor: executor))
    }

    /// The answer to what the edge turns away.
    func refuse(_ refusal: EdgeRefusal, head: RequestHead?) -> EdgeResponse {
        let executor = EventLoopTaskExecutor(MultiThreadedEventLoopGroup.singleton.any())
        return self.pipeline.refusal(
            refusal, head: head, connection: .local, on: LoopContext(index: 0, executor: executor))
    }

    func send(_ request: TestRequest, from connection: ConnectionInfo = .local) async -> Answer {
        // As clients of HTTP/2 say it: a body of unknown length may be a large one.
        let head = connection.version == .http2 ? request.withLength.head : request.head
        return switch self.plan(head, from: connection) {
        case .reply(let response): Answer(response)
        case .collect(_, let respond): Answer(await respond(request.body))
        case .stream: preconditionFailure("no service of these tests streams")
        }
    }

    /// Service and operation as the access log names them, `-` for what the request does not name.
    func identified(_ request: TestRequest) async -> String {
        _ = await self.send(request)
        guard let line = self.log.requests.last else { return "no line" }
        let (service, operation) = (line.string("service"), line.string("operation"))
        return service.isEmpty ? "-" : "\(service).\(operation.isEmpty ? "-" : operation)"
    }
}

/// A request as a client would send it.
struct TestRequest: Sendable {
    var head: RequestHead
    var body: [UInt8]

    init(_ method: String, _ target: String, _ headers: HeaderFields = [:], body: String = "") {
        var headers = headers
        if !headers.contains("host") { headers.append("Host", "localhost:4566") }
        self.head = RequestHead(method: method, target: target, headers: headers)
        self.body = Array(body.utf8)
    }

    /// awsJson1.0: `X-Amz-Target` names the operation.
    static func json(_ target: String, _ body: String = #"{"Text":"hello"}"#) -> TestRequest {
        TestRequest(
            "POST", "/", ["X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"], body: body)
    }

    static let buy = TestRequest.json("Shop_20260101.Buy")

    static func form(_ body: String) -> TestRequest {
        TestRequest("POST", "/", ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"], body: body)
    }

    static let count = TestRequest.form("Action=Count&Version=2026-02-02&Text=hello")

    func with(_ name: String, _ value: String) -> TestRequest {
        var request = self
        request.head.headers.set(name, value)
        return request
    }

    var withLength: TestRequest { self.with("Content-Length", String(self.body.count)) }

    func signed(
        for service: String, by credential: SigningCredential = TestIdentity.root,
        at time: Timestamp = TestIdentity.now,
        region: Region = .standard
    ) throws -> TestRequest {
        let signer = RequestSigner(
            credential: credential, region: region, service: service, rules: .standard(signingName: service))
        var request = self
        request.head = try signer.sign(self.head, payload: .absent, body: self.body, at: time).head
        return request
    }

    func presigned(for service: String, by credential: SigningCredential = TestIdentity.root) throws -> TestRequest {
        let signer = RequestSigner(
            credential: credential, region: .standard, service: service, rules: .standard(signingName: service))
        var request = self
        request.head = try signer.presign(self.head, expiresSeconds: 60, body: self.body, at: TestIdentity.now)
        return request
    }
}

/// A whole answer.
struct Answer: Sendable {
    let status: Int
    let headers: HeaderFields
    let text: String

    init(_ response: EdgeResponse) {
        self.status = response.status
        self.headers = response.headers
        switch response.body {
        case .bytes(let bytes): self.text = String(decoding: bytes, as: UTF8.self)
        case .stream: preconditionFailure("no service of these tests streams")
        }
    }

    /// What stands in the first element of that name.
    func element(_ name: String) -> String? {
        guard let start = self.text.firstRange(of: "<\(name)>"),
            let end = self.text[start.upperBound...].firstRange(of: "</\(name)>")
        else { return nil }
        return String(self.text[start.upperBound..<end.lowerBound])
    }
}

/// Keeps every line.
final class RecordingLog: LogSink {
    private let storage = Mutex<[LogRecord]>([])

    func write(_ record: LogRecord) {
        self.storage.withLock { $0.append(record) }
    }

    var records: [LogRecord] { self.storage.withLock { $0 } }

    /// The lines of requests.
    var requests: [LogRecord] { self.records.filter { $0.message == "request" } }

    /// Everything that was written, as in the file.
    var text: String {
        var bytes: [UInt8] = []
        for record in self.records { record.appendJSONLine(to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension LogRecord {
    /// A member's value; nil where there is none of that name.
    subscript(name: String) -> Value? { self.members.first { $0.name == name }?.value }

    func string(_ name: String) -> String {
        if case .string(let text) = self[name] { text } else { "" }
    }
}

extension ConnectionInfo {
    /// From this machine.
    static let local = ConnectionInfo(
        id: 1, remoteAddress: "127.0.0.1", remotePort: 50_000, isTLS: false, version: .http1, isLoopback: true)
    /// From another machine, over TLS.
    static let remote = ConnectionInfo(
        id: 2, remoteAddress: "203.0.113.9", remotePort: 50_001, isTLS: true, version: .http2, isLoopback: false)
}

/// Keys of every kind.
struct TestIdentity: IdentityPort {
    /// When requests are signed; also where a `ManualClock` starts.
    static let now = Timestamp(secondsSinceEpoch: 1_700_000_000)
    static let account = AccountID("111122223333") ?? .standard

    static let root = SigningCredential(accessKeyID: "AKIAROOT", secretAccessKey: "root-secret")
    static let inactive = SigningCredential(accessKeyID: "AKIAOFF", secretAccessKey: "off-secret")
    static let local = SigningCredential(accessKeyID: "test", secretAccessKey: "test")
    static let session = SigningCredential(
        accessKeyID: "ASIASESSION", secretAccessKey: "session-secret", sessionToken: "session-token")
    static let expired = SigningCredential(
        accessKeyID: "ASIAEXPIRED", secretAccessKey: "expired-secret", sessionToken: "expired-token")

    /// The policies of the only user; nil where it has none.
    var userPolicies: UserPolicies?
    /// Whether policies cannot be asked for now.
    var isOutOfReach = false

    func policies(of principal: Principal, now: Timestamp) -> PolicyLookup {
        self.isOutOfReach ? .unavailable : .known(self.userPolicies)
    }

    /// The only bearer key; its secret is `bearer-secret`.
    static let bearerName = "ana-at-111122223333"

    func bearer(name: String, now: Timestamp) -> CredentialLookup {
        guard name == Self.bearerName else { return .unknown }
        let principal = Principal(
            kind: .user, account: Self.account, arn: "arn:aws:iam::111122223333:user/ana", userID: "AIDAana",
            accessKeyID: name, policies: self.userPolicies)
        return .found(Credential(accessKeyID: name, secretAccessKey: "bearer-secret", principal: principal))
    }

    func credential(accessKeyID: String, sessionToken: String?, now: Timestamp) -> CredentialLookup {
        switch (accessKeyID, sessionToken) {
        case ("AKIAOFF", nil): return .inactive
        case ("ASIAEXPIRED", "expired-token"): return .expired(at: now)
        default: break
        }
        let known = [Self.root, Self.local, Self.session]
        guard let found = known.first(where: { $0.accessKeyID == accessKeyID && $0.sessionToken == sessionToken })
        else { return .unknown }
        return .found(
            Credential(
                accessKeyID: accessKeyID, secretAccessKey: found.secretAccessKey,
                principal: Principal(
                    kind: .user, account: Self.account, arn: "arn:aws:iam::\(Self.account):user/ana", userID: "AIDAANA",
                    accessKeyID: accessKeyID, policies: self.userPolicies),
                sessionToken: sessionToken, isLoopbackOnly: accessKeyID == Self.local.accessKeyID))
    }

    func issueSession(for principal: Principal, issued: Timestamp, expiration: Timestamp) -> Credential {
        preconditionFailure("nobody asks for sessions here")
    }
}
