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
        _ head: RequestHead, body: [UInt8], signingName: String, _ connection: ConnectionInfo, now: Timestamp
    ) throws(SigningError) -> (Principal, Region) {
        let parsed = try ParsedAuthorization(head)
        guard self.mode == .verify else { return self.believe(parsed) }
        let checked = try parsed.checked(
            by: .standard(signingName: signingName),
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
        let account = AccountID(accessKeyID) ?? .standard
        let principal = Principal(
            kind: .root,
            account: account,
            arn: "arn:aws:iam::\(account):root",
            userID: account.description,
            accessKeyID: accessKeyID
        )
        let region = parts.count >= 5 ? Region(parts[2]) : nil
        return (principal, region ?? self.defaultRegion)
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
        let context = RequestContext(
            requestID: requestID,
            principal: principal,
            region: region,
            time: now,
            sourceAddress: connection.remoteAddress,
            isTLS: connection.isTLS,
            userAgent: request.head.headers.first("user-agent") ?? "",
            host: request.head.headers.first("host") ?? ""
        )
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
        do throws(SigningError) {
            return try self.authenticator.prove(
                request.head,
                body: body,
                signingName: service.schema.signingName,
                connection,
                now: now
            )
        } catch .missingAuthenticationToken where operation.binding.schema.isUnsigned {
            return (Self.anonymous, self.authenticator.defaultRegion)
        } catch {
            let wire = error.wireError(for: Self.dialect(request.wireProtocol))
            throw ServiceError(code: wire.code, status: wire.status, message: wire.message)
        }
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
