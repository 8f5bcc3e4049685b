package import Primitives
package import Telemetry

/// Implements CORS, so that web pages of other origins can call this server: answers preflight requests, and adds the
/// headers that let a page read the answer. All other requests pass unchanged.
///
/// AWS's own endpoints allow every origin, because a page needs an access key anyway. Here, if keys are publicly known
/// (`refusesOthers`), a page of an origin that is not allowed gets 403, because otherwise any web site could use them.
/// If they are not, its request is answered as AWS would, and the browser withholds the answer from the page. An origin
/// equal to `Host` gets no exception: Brume serves no pages, and any site can point its name at this machine (DNS
/// rebinding).
///
/// - Source: the Fetch standard, "CORS protocol"; the headers that DynamoDB answers browsers with.
package struct CrossOrigin: EdgeResponder {
    /// How long a browser may cache a preflight answer, in seconds.
    ///
    /// - Source: DynamoDB's value; browsers cap it.
    static let maxAgeSeconds = 172_800

    private let inner: any EdgeResponder
    private let allowed: @Sendable () -> AllowedOrigins
    private let refusesOthers: Bool
    private let refusals: Counter

    /// - Parameters:
    ///   - inner: answers the requests.
    ///   - allowed: asked for each request from a page.
    ///   - refusesOthers: whether pages that are not allowed get 403.
    ///   - metrics: count the refused pages.
    package init(
        _ inner: any EdgeResponder, allowed: @escaping @Sendable () -> AllowedOrigins, refusesOthers: Bool,
        metrics: MetricRegistry
    ) {
        self.inner = inner
        self.allowed = allowed
        self.refusesOthers = refusesOthers
        self.refusals = metrics.counter(
            "brume_cross_origin_refusals_total",
            help: "Questions and requests of web pages whose origin may not call"
        )
    }

    package func plan(_ head: RequestHead, connection: ConnectionInfo, on loop: LoopContext) -> RequestPlan {
        // Only browsers send `Origin`.
        guard let origin = head.headers.first("origin") else {
            return self.inner.plan(head, connection: connection, on: loop)
        }
        let allowed = self.allowed()
        let isAllowed = allowed.contain(origin)
        if !isAllowed { self.refusals.increment() }
        if head.method == "OPTIONS", let method = head.headers.first("access-control-request-method") {
            return .reply(isAllowed ? Self.permission(method, head, origin, allowed) : Self.refusal)
        }
        guard isAllowed else {
            return self.refusesOthers ? .reply(Self.refusal) : self.inner.plan(head, connection: connection, on: loop)
        }
        let fields = Self.fields(origin, allowed)
        switch self.inner.plan(head, connection: connection, on: loop) {
        case .reply(let response): return .reply(response.adding(fields))
        case .collect(let limitBytes, let respond):
            return .collect(limitBytes: limitBytes) { body in await respond(body).adding(fields) }
        case .stream(let respond):
            return .stream { body in await respond(body).adding(fields) }
        }
    }

    package func refusal(
        _ refusal: EdgeRefusal, head: RequestHead?, connection: ConnectionInfo, on loop: LoopContext
    ) -> EdgeResponse {
        let response = self.inner.refusal(refusal, head: head, connection: connection, on: loop)
        guard let head, let origin = head.headers.first("origin") else { return response }
        let allowed = self.allowed()
        return allowed.contain(origin) ? response.adding(Self.fields(origin, allowed)) : response
    }

    /// The positive answer to a preflight request.
    private static func permission(
        _ method: String, _ head: RequestHead, _ origin: String, _ allowed: AllowedOrigins
    ) -> EdgeResponse {
        var response = EdgeResponse(status: 200).adding(self.fields(origin, allowed))
        response.headers.append("Access-Control-Allow-Methods", method)
        if let names = head.headers.first("access-control-request-headers") {
            response.headers.append("Access-Control-Allow-Headers", names)
        }
        if head.headers.first("access-control-request-private-network") == "true" {
            response.headers.append("Access-Control-Allow-Private-Network", "true")
        }
        response.headers.append("Access-Control-Max-Age", String(self.maxAgeSeconds))
        return response
    }

    /// Exposes every header of an answer. `Vary`, because an answer for one origin is not valid for another.
    private static func fields(_ origin: String, _ allowed: AllowedOrigins) -> [HeaderFields.Field] {
        let expose = HeaderFields.Field("Access-Control-Expose-Headers", "*")
        guard !allowed.areAll else { return [.init("Access-Control-Allow-Origin", "*"), expose] }
        return [.init("Access-Control-Allow-Origin", origin), expose, .init("Vary", "Origin")]
    }

    private static let refusal = EdgeResponse(
        status: 403, headers: ["Content-Type": "text/plain; charset=utf-8"],
        body: .bytes(
            Array("Pages of this origin may not call here; the server's setting cors-origins names who may.\n".utf8)))
}

extension EdgeResponse {
    /// The same answer with additional headers, also when a stream is replaced by another answer.
    fileprivate func adding(_ fields: [HeaderFields.Field]) -> EdgeResponse {
        var response = self
        for field in fields { response.headers.append(field.name, field.value) }
        guard case .stream(let produce) = self.body else { return response }
        response.body = .stream { writer in
            do {
                try await produce(writer)
            } catch let other as ReplacementResponse {
                throw ReplacementResponse { other.response().adding(fields) }
            }
        }
        return response
    }
}
