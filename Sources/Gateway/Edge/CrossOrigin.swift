package import Primitives
package import Telemetry

/// Lets web pages of other servers call, by CORS: it answers what a browser asks beforehand, and says in each answer to
/// such a page that the page may read it. All other requests pass as they are.
///
/// AWS's own endpoints allow every origin, since a page needs a key all the same. Here a page of an origin that is not
/// allowed is refused where keys are known to everybody (`refusesOthers`), or any web site could use them; elsewhere
/// its request is answered as AWS would, and the browser keeps the answer from it. That `Host` names the same server
/// does not help: Brume has no pages of its own, and any site can give its name this machine's address (DNS rebinding).
///
/// - Source: the Fetch standard, "CORS protocol"; the headers that DynamoDB answers browsers with.
package struct CrossOrigin: EdgeResponder {
    /// Seconds for which a browser need not ask again.
    ///
    /// - Source: what DynamoDB says; browsers take less.
    static let maxAgeSeconds = 172_800

    private let inner: any EdgeResponder
    private let allowed: @Sendable () -> AllowedOrigins
    private let refusesOthers: Bool
    private let refusals: Counter

    /// - Parameters:
    ///   - inner: answers the requests.
    ///   - allowed: asked for each request of a page.
    ///   - refusesOthers: whether pages that are not allowed get 403.
    ///   - metrics: count the pages that were told no.
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
        // Browsers alone say where a page comes from.
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

    /// Yes, to a browser that asks beforehand.
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

    /// Every header of an answer may be read. An answer for one origin is not one for another.
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
    /// The same answer with more headers, also where a stream gives way to another one.
    fileprivate func adding(_ fields: [HeaderFields.Field]) -> EdgeResponse {
        var response = self
        for field in fields { response.headers.append(field.name, field.value) }
        guard case .stream(let produce) = self.body else { return response }
        response.body = .stream { writer in
            do {
                try await produce(writer)
            } catch let other as UnbegunStream {
                throw UnbegunStream { other.response().adding(fields) }
            }
        }
        return response
    }
}
