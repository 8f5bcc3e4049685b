package import Primitives
package import ServiceKit
internal import ServiceModel
package import Signing
package import Telemetry
internal import WireProtocols

/// A request whose sender is proven.
struct AuthenticatedRequest: Sendable {
    var service: ServiceEntry
    var operation: OperationEntry
    var head: RequestHead
    var labels: [PathLabel]
    /// As it came over the wire.
    var body: [UInt8]
    var context: RequestContext
}

/// Proves who sent a request. One way for every carrier of a signature: header, presigned query, form.
package struct Authenticator: Sendable {
    /// How signatures are treated.
    package enum Mode: Sendable, Hashable {
        case verify
        /// `--insecure-accept-any-credentials`: whoever is named is believed.
        case acceptAnyCredentials
    }

    let identity: any IdentityPort
    /// Whether a key is for clients on this machine only.
    let isLoopbackOnly: @Sendable (_ accessKeyID: String) -> Bool
    let keys: SigningKeyCache
    let clock: any WallClock
    let mode: Mode
    let defaultRegion: Region
    /// Hears of refused keys, with the remedy.
    let log: any LogSink

    package init(
        identity: any IdentityPort,
        isLoopbackOnly: @escaping @Sendable (_ accessKeyID: String) -> Bool,
        keys: SigningKeyCache,
        clock: any WallClock,
        mode: Mode,
        defaultRegion: Region,
        log: any LogSink
    ) {
        self.identity = identity
        self.isLoopbackOnly = isLoopbackOnly
        self.keys = keys
        self.clock = clock
        self.mode = mode
        self.defaultRegion = defaultRegion
        self.log = log
    }

    /// Who sent the request, and the region that its signature names.
    func prove(
        _ head: RequestHead, body: [UInt8], by rules: ProofRules, _ connection: ConnectionInfo, now: Timestamp
    ) throws(ProofError) -> (Principal, Region) {
        if let token = rules.bearer(in: head.headers) {
            do throws(BearerError) {
                return try self.proveBearer(token, rules.signingNames[0], connection, now)
            } catch {
                throw .bearer(error)
            }
        }
        do throws(SigningError) {
            return try self.proveSignature(head, body: body, rules.signingNames, connection, now)
        } catch {
            throw .signature(error)
        }
    }

    private func proveSignature(
        _ head: RequestHead, body: [UInt8], _ signingNames: [String], _ connection: ConnectionInfo, _ now: Timestamp
    ) throws(SigningError) -> (Principal, Region) {
        let parsed = try ParsedAuthorization(head)
        guard self.mode == .verify else { return self.believe(parsed) }
        let claimed = signingNames.count > 1 ? parsed.claimedServiceName : nil
        let checked = try parsed.checked(
            by: .standard(signingName: signingNames.first { $0[...] == claimed } ?? signingNames[0]),
            headers: head.headers,
            now: now,
            isTLS: connection.isTLS
        )
        let credential = try self.credential(checked, connection, now: now)
        _ = try checked.verify(
            head,
            body: .bytes(body),
            credential: SigningCredential(
                accessKeyID: credential.accessKeyID,
                secretAccessKey: credential.secretAccessKey,
                sessionToken: credential.sessionToken
            ),
            keys: self.keys
        )
        return (credential.principal, checked.scope.region)
    }

    private func proveBearer(
        _ text: Substring, _ signingName: String, _ connection: ConnectionInfo, _ now: Timestamp
    ) throws(BearerError) -> (Principal, Region) {
        guard self.mode == .verify else { return (Self.root(of: .standard, accessKeyID: ""), self.defaultRegion) }
        switch try BearerToken(text) {
        case .longTerm(let bearer):
            return (try self.principal(of: bearer, now), self.defaultRegion)
        case .shortTerm(let head):
            do throws(SigningError) {
                return try self.proveSignature(head, body: [], [signingName], connection, now)
            } catch {
                switch error {
                case .expired, .expiredToken: throw .expired
                default: throw .invalid
                }
            }
        }
    }

    private func principal(of bearer: LongTermBearer, _ now: Timestamp) throws(BearerError) -> Principal {
        switch self.identity.bearer(name: bearer.name, now: now) {
        case .found(let credential):
            guard bearer.proves(credential.secretAccessKey) else { throw .invalid }
            return credential.principal
        case .unknown:
            self.refused(
                bearer.name,
                now,
                "there is no such API key of Bedrock; make one with `brume keys create --bedrock`"
            )
            throw .invalid
        case .inactive:
            self.refused(bearer.name, now, "the key is inactive")
            throw .invalid
        case .expired:
            throw .expired
        }
    }

    private func credential(
        _ checked: CheckedAuthorization, _ connection: ConnectionInfo, now: Timestamp
    ) throws(SigningError) -> Credential {
        let accessKeyID = checked.accessKeyID
        switch self.identity.credential(accessKeyID: accessKeyID, sessionToken: checked.sessionToken, now: now) {
        case .found(let credential):
            guard connection.isLoopback || !self.isLoopbackOnly(accessKeyID) else {
                self.refused(accessKeyID, now, "the key is for clients on this machine only")
                throw .unknownAccessKey(accessKeyID)
            }
            return credential
        case .unknown:
            // The sentence is there to be copied into a shell, so nothing but a key id comes into it.
            let remedy =
                AccessKey.isLawfulID(accessKeyID)
                ? "make one with `brume keys create --access-key-id \(accessKeyID) --secret-access-key …`, or take"
                : "take"
            self.refused(
                accessKeyID,
                now,
                "there is no such access key; \(remedy) one of `brume keys list`; `eval \"$(brume env)\"` exports the "
                    + "root key"
            )
            throw .unknownAccessKey(accessKeyID)
        case .inactive:
            self.refused(accessKeyID, now, "the key is inactive")
            throw .unknownAccessKey(accessKeyID)
        case .expired:
            throw .expiredToken
        }
    }

    private func refused(_ accessKeyID: String, _ now: Timestamp, _ reason: String) {
        self.log.write(
            LogRecord(
                time: now,
                level: .warning,
                message: "access key refused",
                members: [
                    .init("accessKeyId", .string(String(accessKeyID.prefix(128)))), .init("reason", .string(reason)),
                ]
            )
        )
    }

    /// Takes the credential as it stands; twelve digits are an account.
    private func believe(_ parsed: ParsedAuthorization) -> (Principal, Region) {
        let parts = parsed.credential.split(separator: "/").map(String.init)
        let accessKeyID = parts.first ?? ""
        let principal = Self.root(of: AccountID(accessKeyID) ?? .standard, accessKeyID: accessKeyID)
        let region = parts.count >= 5 ? Region(parts[2]) : nil
        return (principal, region ?? self.defaultRegion)
    }

    private static func root(of account: AccountID, accessKeyID: String) -> Principal {
        Principal(
            kind: .root,
            account: account,
            arn: "arn:aws:iam::\(account):root",
            userID: account.description,
            accessKeyID: accessKeyID
        )
    }
}

/// Proves the sender before anything of the body is looked at.
struct Authenticate: Sendable {
    let authenticator: Authenticator

    func callAsFunction(
        _ request: IdentifiedRequest, body: [UInt8], requestID: RequestID, _ connection: ConnectionInfo
    ) throws(ServiceError) -> AuthenticatedRequest {
        guard case .operation(let service, let operation) = request.target else {
            preconditionFailure("only requests for operations are authenticated")
        }
        let now = self.authenticator.clock.now()
        let (principal, region) = try self.prove(request, body, service, operation, connection, now)
        let context = Self.context(request.head, principal, region, requestID, connection, now)
        return AuthenticatedRequest(
            service: service,
            operation: operation,
            head: request.head,
            labels: request.labels,
            body: body,
            context: context
        )
    }

    private func prove(
        _ request: IdentifiedRequest, _ body: [UInt8], _ service: ServiceEntry, _ operation: OperationEntry,
        _ connection: ConnectionInfo, _ now: Timestamp
    ) throws(ServiceError) -> (Principal, Region) {
        let rules = ProofRules(
            signingNames: [service.schema.signingName], takesBearer: service.registration.takesBearerKeys)
        do throws(ProofError) {
            return try self.authenticator.prove(request.head, body: body, by: rules, connection, now: now)
        } catch .signature(.missingAuthenticationToken) where operation.binding.schema.isUnsigned {
            return (Self.anonymous, self.authenticator.defaultRegion)
        } catch {
            switch error {
            case .bearer(let error):
                throw ServiceError(code: "AccessDeniedException", status: 403, message: error.sentence)
            case .signature(let error):
                let wire = error.wireError(for: Self.dialect(request.wireProtocol))
                throw ServiceError(code: wire.code, status: wire.status, message: wire.message)
            }
        }
    }

    /// The same for a request that took a route; its notation says errors in its own way.
    func callAsFunction(
        _ head: RequestHead, body: [UInt8], for form: HTTPRouteForm, requestID: RequestID,
        _ connection: ConnectionInfo
    ) throws(ServiceError) -> RequestContext {
        let now = self.authenticator.clock.now()
        let rules = ProofRules(
            signingNames: form.signingNames, takesBearer: true, takesKeyHeader: form.takesKeyHeader)
        do throws(ProofError) {
            let (principal, region) = try self.authenticator.prove(head, body: body, by: rules, connection, now: now)
            return Self.context(head, principal, region, requestID, connection, now)
        } catch {
            switch error {
            case .bearer(let error):
                let sentence = error == .expired ? error.sentence : "Invalid bearer token"
                throw ServiceError(code: ServiceError.RouteCode.invalidBearer, status: 401, message: sentence)
            case .signature(let error):
                let wire = error.wireError(for: .restJSON)
                throw ServiceError(
                    code: ServiceError.RouteCode.unauthenticated, status: 401, message: wire.message)
            }
        }
    }

    private static func context(
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
