package import Primitives
package import ServiceKit
internal import ServiceModel
package import Signing
package import Telemetry

/// Authenticates requests: one code path for every carrier of a signature (header, presigned query, form).
package struct Authenticator: Sendable {
    /// How signatures are treated.
    package enum Mode: Sendable, Hashable {
        case verify
        /// `--insecure-accept-any-credentials`: the named key is trusted without a signature.
        case acceptAnyCredentials
    }

    let identity: any IdentityPort
    let keys: SigningKeyCache
    let clock: any WallClock
    let mode: Mode
    let defaultRegion: Region
    /// Told about refused keys, with the remedy.
    let log: any LogSink
    /// What commands need to find these keys, such as ` --data-dir /data`.
    let place: String

    package init(
        identity: any IdentityPort,
        keys: SigningKeyCache,
        clock: any WallClock,
        mode: Mode,
        defaultRegion: Region,
        log: any LogSink,
        place: String = ""
    ) {
        self.identity = identity
        self.keys = keys
        self.clock = clock
        self.mode = mode
        self.defaultRegion = defaultRegion
        self.log = log
        self.place = place
    }

    /// The sender of a request, and the region of its signature.
    func prove(
        _ head: RequestHead, body: [UInt8], by rules: ProofRules, _ connection: ConnectionInfo, now: Timestamp
    ) throws(ProofError) -> (Principal, Region) {
        try self.finish(try self.begin(head, by: rules, connection, now: now), head, body: .bytes(body))
    }

    /// Everything that the head allows: parses the credential, and checks that the key exists and may be used.
    func begin(
        _ head: RequestHead, by rules: ProofRules, _ connection: ConnectionInfo, now: Timestamp
    ) throws(ProofError) -> PendingProof {
        guard let token = rules.bearer(in: head.headers) else {
            return try self.beginSignature(head, rules.signingNames, connection, now)
        }
        let (principal, region) = try self.proveBearer(token, rules.signingNames[0], connection, now)
        return .proven(principal, region)
    }

    /// The rest, once the body is known.
    func finish(
        _ pending: PendingProof, _ head: RequestHead, body: BodyEvidence
    ) throws(ProofError) -> (Principal, Region) {
        switch pending {
        case .proven(let principal, let region):
            return (principal, region)
        case .signed(let proof):
            let credential = SigningCredential(
                accessKeyID: proof.credential.accessKeyID,
                secretAccessKey: proof.credential.secretAccessKey,
                sessionToken: proof.credential.sessionToken
            )
            do throws(SigningError) {
                _ = try proof.authorization.verify(head, body: body, credential: credential, keys: self.keys)
            } catch {
                throw .signature(error)
            }
            return (proof.credential.principal, proof.authorization.scope.region)
        }
    }

    private func beginSignature(
        _ head: RequestHead, _ signingNames: [String], _ connection: ConnectionInfo, _ now: Timestamp
    ) throws(ProofError) -> PendingProof {
        let checked: CheckedAuthorization
        do throws(SigningError) {
            let parsed = try ParsedAuthorization.read(head)
            guard self.mode == .verify else {
                let (principal, region) = self.unverified(parsed)
                return .proven(principal, region)
            }
            let claimed = signingNames.count > 1 ? parsed.claimedServiceName : nil
            checked = try parsed.checked(
                by: .standard(signingName: signingNames.first { $0[...] == claimed } ?? signingNames[0]),
                headers: head.headers,
                now: now,
                isTLS: connection.isTLS,
                keys: self.keys
            )
        } catch {
            throw .signature(error)
        }
        return .signed(SignedProof(checked, try self.credential(checked, connection, now: now)))
    }

    private func proveBearer(
        _ text: Substring, _ signingName: String, _ connection: ConnectionInfo, _ now: Timestamp
    ) throws(ProofError) -> (Principal, Region) {
        guard self.mode == .verify else { return (Self.root(of: .standard, accessKeyID: ""), self.defaultRegion) }
        let token: BearerToken
        do throws(BearerError) {
            token = try BearerToken(text)
        } catch {
            // OpenAI's clients often have a made-up key, which belongs to no user and is not repeated here.
            self.refused("", now, "the bearer token is no API key of Bedrock; \(self.bearerRemedy)")
            throw .bearer(error)
        }
        switch token {
        case .longTerm(let bearer):
            return (try self.principal(of: bearer, now).proven(by: .longTerm), self.defaultRegion)
        case .shortTerm(let head):
            do throws(ProofError) {
                let pending = try self.beginSignature(head, [signingName], connection, now)
                let (principal, region) = try self.finish(pending, head, body: .bytes([]))
                return (principal.proven(by: .shortTerm), region)
            } catch {
                switch error {
                case .signature(.expired), .signature(.expiredToken): throw .bearer(.expired)
                case .signature, .bearer: throw .bearer(.invalid)
                case .unavailable: throw .unavailable
                }
            }
        }
    }

    private func principal(of bearer: LongTermBearer, _ now: Timestamp) throws(ProofError) -> Principal {
        switch self.identity.bearer(name: bearer.name, now: now) {
        case .found(let credential):
            guard bearer.proves(credential.secretAccessKey) else { throw .bearer(.invalid) }
            return credential.principal
        case .unknown:
            self.refused(bearer.name, now, "there is no such API key of Bedrock; \(self.bearerRemedy)")
            throw .bearer(.invalid)
        case .inactive:
            self.refused(bearer.name, now, "the key is inactive")
            throw .bearer(.invalid)
        case .expired:
            throw .bearer(.expired)
        case .unavailable:
            throw .unavailable
        }
    }

    /// The principal that a gateway authenticated, with the policies known here.
    /// - Returns: nil when they cannot be known now, or when the gateway knows of policies that have not arrived here
    ///   yet.
    func principal(of sender: ForwardedSender, now: Timestamp) -> Principal? {
        let principal = sender.principal
        guard principal.kind == .user else { return principal }
        guard case .known(let policies) = self.identity.policies(of: principal, now: now) else { return nil }
        guard policies != nil || !sender.hasPolicies else { return nil }
        let known = principal.with(policies: policies)
        return sender.bearer.map { known.proven(by: $0) } ?? known
    }

    private func credential(
        _ checked: CheckedAuthorization, _ connection: ConnectionInfo, now: Timestamp
    ) throws(ProofError) -> Credential {
        let accessKeyID = checked.accessKeyID
        switch self.identity.credential(accessKeyID: accessKeyID, sessionToken: checked.sessionToken, now: now) {
        case .found(let credential):
            guard connection.isLoopback || !credential.isLoopbackOnly else {
                self.refused(
                    accessKeyID, now,
                    "the key is for clients on this machine only; make one for others with "
                        + "`brume keys create\(self.place)`")
                throw .signature(.unknownAccessKey(accessKeyID))
            }
            return credential
        case .unknown where checked.sessionToken != nil:
            self.refused(
                accessKeyID,
                now,
                "its session token is none that this server gave for this key; `unset AWS_SESSION_TOKEN`, which may be "
                    + "left from elsewhere, or ask for a new session")
            throw .signature(.unknownAccessKey(accessKeyID))
        case .unknown where accessKeyID.hasPrefix("ASIA"):
            self.refused(
                accessKeyID, now, "a key of a session needs the session's token: set AWS_SESSION_TOKEN beside it")
            throw .signature(.unknownAccessKey(accessKeyID))
        case .unknown:
            // People copy the sentence into a shell, so it contains nothing of the request but a key id.
            let remedy =
                AccessKey.isLawfulID(accessKeyID)
                ? "make one with `brume keys create\(self.place) --access-key-id \(accessKeyID) "
                    + "--secret-access-key …`, or take"
                : "take"
            self.refused(
                accessKeyID,
                now,
                "there is no such access key; \(remedy) one of `brume keys list\(self.place)`; "
                    + "`eval \"$(brume env\(self.place))\"` exports the root key"
            )
            throw .signature(.unknownAccessKey(accessKeyID))
        case .inactive:
            self.refused(accessKeyID, now, "the key is inactive")
            throw .signature(.unknownAccessKey(accessKeyID))
        case .expired:
            throw .signature(.expiredToken)
        case .unavailable:
            throw .unavailable
        }
    }

    private var bearerRemedy: String { "make one with `brume keys create\(self.place) --bedrock`" }

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

    /// Takes the credential without verification; a key id of twelve digits is an account.
    private func unverified(_ parsed: ParsedAuthorization) -> (Principal, Region) {
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

extension Principal {
    /// The same principal, with policies that know the bearer token.
    fileprivate func proven(by bearer: UserPolicies.BearerToken) -> Principal {
        guard let policies = self.userPolicies else { return self }
        return self.with(policies: policies.proven(by: bearer))
    }
}
