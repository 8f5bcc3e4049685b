internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Signing
internal import WireProtocols

/// Authenticates the sender before anything of the body is parsed.
struct Authenticate: Sendable {
    let authenticator: Authenticator

    // Requests for operations

    func callAsFunction(
        _ request: IdentifiedRequest, body: [UInt8], requestID: RequestID, _ connection: ConnectionInfo
    ) throws(ServiceError) -> RequestContext {
        let (principal, region) = try self.finish(try self.begin(request, connection), request, body: .bytes(body))
        let now = self.authenticator.clock.now()
        return Self.context(request.head, principal, region, requestID, connection, now)
    }

    /// Authenticates a request for an operation as far as its head allows; `finish` does the rest.
    func begin(
        _ request: IdentifiedRequest, _ connection: ConnectionInfo
    ) throws(ServiceError) -> PendingProof {
        let (service, operation) = Self.named(request)
        let rules = ProofRules(
            signingNames: [service.schema.signingName], takesBearer: service.registration.takesBearerKeys)
        do throws(ProofError) {
            return try self.authenticator.begin(
                request.head, by: rules, connection, now: self.authenticator.clock.now())
        } catch .signature(.missingAuthenticationToken) where operation.binding.schema.isUnsigned {
            return .proven(Self.anonymous, self.authenticator.defaultRegion)
        } catch {
            throw Self.serviceError(error, request)
        }
    }

    func finish(
        _ pending: PendingProof, _ request: IdentifiedRequest, body: BodyEvidence
    ) throws(ServiceError) -> (Principal, Region) {
        do throws(ProofError) {
            return try self.authenticator.finish(pending, request.head, body: body)
        } catch {
            throw Self.serviceError(error, request)
        }
    }

    static func named(_ request: IdentifiedRequest) -> (ServiceEntry, OperationEntry) {
        guard case .operation(let service, let operation) = request.target else {
            preconditionFailure("only requests for operations are authenticated")
        }
        return (service, operation)
    }

    private static func serviceError(_ error: ProofError, _ request: IdentifiedRequest) -> ServiceError {
        switch error {
        case .bearer(let error):
            return ServiceError(code: "AccessDeniedException", status: 403, message: error.sentence)
        case .signature(let error):
            let wire = error.wireError(for: Self.dialect(request.wireProtocol))
            return ServiceError(code: wire.code, status: wire.status, message: wire.message)
        case .unavailable:
            return Self.named(request).0.registration.unavailableError
        }
    }

    // Requests that took a route, whose notations say errors in their own ways

    func callAsFunction(
        _ match: HTTPRoutes.Match, _ head: RequestHead, body: [UInt8], requestID: RequestID,
        _ connection: ConnectionInfo
    ) throws(ServiceError) -> RequestContext {
        let pending = try self.begin(match, head, connection)
        let (principal, region) = try self.finish(pending, match, head, body: .bytes(body))
        let now = self.authenticator.clock.now()
        return Self.context(head, principal, region, requestID, connection, now)
    }

    func begin(
        _ match: HTTPRoutes.Match, _ head: RequestHead, _ connection: ConnectionInfo
    ) throws(ServiceError) -> PendingProof {
        let form = match.entry.route.form
        let rules = ProofRules(
            signingNames: form.signingNames, takesBearer: true, takesKeyHeader: form.takesKeyHeader)
        do throws(ProofError) {
            return try self.authenticator.begin(head, by: rules, connection, now: self.authenticator.clock.now())
        } catch {
            throw Self.routeError(error, match)
        }
    }

    func finish(
        _ pending: PendingProof, _ match: HTTPRoutes.Match, _ head: RequestHead, body: BodyEvidence
    ) throws(ServiceError) -> (Principal, Region) {
        do throws(ProofError) {
            return try self.authenticator.finish(pending, head, body: body)
        } catch {
            throw Self.routeError(error, match)
        }
    }

    private static func routeError(_ error: ProofError, _ match: HTTPRoutes.Match) -> ServiceError {
        switch error {
        case .bearer(let error):
            let sentence = error == .expired ? error.sentence : "Invalid bearer token"
            return ServiceError(code: ServiceError.RouteCode.invalidBearer, status: 401, message: sentence)
        case .signature(let error):
            let wire = error.wireError(for: .restJSON)
            return ServiceError(
                code: ServiceError.RouteCode.unauthenticated, status: 401, message: wire.message)
        case .unavailable:
            return match.entry.service.registration.unavailableError
        }
    }

    // Requests that a gateway hands over

    /// Uses the principal that a gateway has authenticated in place of a signature.
    ///
    /// The sender's policies are those known here; the gateway only states whether there must be any.
    func forwarded(
        _ head: RequestHead, _ sender: ForwardedSender, _ service: ServiceEntry
    ) throws(ServiceError) -> RequestContext {
        let now = self.authenticator.clock.now()
        guard let principal = self.authenticator.principal(of: sender, now: now) else {
            throw service.registration.unavailableError
        }
        return RequestContext(
            requestID: sender.requestID,
            principal: principal,
            region: sender.region,
            time: now,
            sourceAddress: sender.sourceAddress,
            isTLS: sender.isTLS,
            userAgent: head.headers.first("user-agent") ?? "",
            host: head.headers.first("host") ?? ""
        )
    }

    static func context(
        _ head: RequestHead, _ principal: Principal, _ region: Region, _ requestID: RequestID,
        _ connection: ConnectionInfo, _ now: Timestamp
    ) -> RequestContext {
        RequestContext(
            requestID: requestID,
            principal: principal,
            region: region,
            time: now,
            sourceAddress: connection.remoteAddress,
            isTLS: connection.isTLS,
            userAgent: head.headers.first("user-agent") ?? "",
            host: head.headers.first("host") ?? ""
        )
    }

    private static let anonymous = Principal(
        kind: .anonymous,
        account: .standard,
        arn: "*",
        userID: "",
        accessKeyID: ""
    )

    static func dialect(_ name: ProtocolName) -> SigningErrorDialect {
        switch name {
        case .awsJson1_0, .awsJson1_1, .rpcv2Cbor: .json
        case .restJson1: .restJSON
        case .awsQuery, .restXml: .query
        case .ec2Query: .ec2
        }
    }
}
