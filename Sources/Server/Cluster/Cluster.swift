internal import Containers
internal import Gateway
internal import Primitives
internal import ServiceKit
internal import Signing
internal import Synchronization
internal import Telemetry
internal import Upstream

/// The connections of a process to the others of its cluster; nil if it is alone.
struct Cluster: Sendable {
    let key: ClusterKey
    let signer: ForwardSigner
    private let configuration: ClusterConfiguration
    private let tls: UpstreamTLS?

    /// Seals the secrets of access keys on their way to a process that asks for them.
    static let keysPurpose = "access-keys"
    /// Seals sessions, so that every process accepts a session that another has issued.
    static let sessionsPurpose = "sessions"

    static func open(
        _ configuration: ClusterConfiguration, clock: any WallClock, random: some RandomSource
    ) throws(StartError) -> Cluster? {
        guard configuration.isUsed, let path = configuration.keyFile else { return nil }
        let key = try ClusterKeyFile.read(path)
        do throws(UpstreamError) {
            return Cluster(
                key: key, signer: ForwardSigner(key: key, clock: clock, random: random),
                configuration: configuration, tls: try self.tls(configuration))
        } catch {
            // The listener reads the same files, and says which one is wrong.
            _ = try self.certificates(configuration)
            throw StartError(.configuration, "the nodes cannot be reached: \(error.sentence)")
        }
    }

    private static func tls(_ configuration: ClusterConfiguration) throws(UpstreamError) -> UpstreamTLS? {
        guard let authority = configuration.tlsAuthority else { return nil }
        var settings = UpstreamTLS.Settings()
        settings.authoritiesPath = authority
        settings.trustsSystem = false
        settings.certificatePath = configuration.tlsCertificate
        settings.keyPath = configuration.tlsKey
        return try UpstreamTLS(settings)
    }

    /// The nodes of a role that this process does not run; nil if there are none.
    func nodes(_ role: Role, _ shared: Assembly.SharedDependencies) -> UpstreamNodes? {
        guard let places = self.configuration.upstreams[role] else { return nil }
        let socket = shared.configuration.dockerSocket
        return UpstreamNodes(
            role, places.compactMap(NodePlace.init),
            UpstreamNodes.Dependencies(
                tls: self.tls, requestsMax: self.configuration.upstreamRequestsMax,
                timeouts: self.configuration.timeouts(of: role),
                engine: { () async throws(ContainerEngineError) in try await ContainerAccess.engine(socket: socket) },
                log: shared.log, clock: shared.clock))
    }

    /// The certificate of the internal listener; nil if it uses plain HTTP.
    func certificates() throws(StartError) -> CertificateStore? {
        try Self.certificates(self.configuration)
    }

    private static func certificates(_ configuration: ClusterConfiguration) throws(StartError) -> CertificateStore? {
        guard let certificate = configuration.tlsCertificate, let key = configuration.tlsKey,
            let authority = configuration.tlsAuthority
        else { return nil }
        do throws(CertificateError) {
            return try CertificateStore(
                .mutual(certificatePath: certificate, keyPath: key, authorityPath: authority))
        } catch {
            throw StartError(.configuration, error.description)
        }
    }

    // Access keys

    /// The access keys of another process; nil if this process has its own.
    func remoteIdentity(
        box: SecretBox, clock: any WallClock, random: any RandomSource, mapsAccountIDs: Bool
    ) -> RemoteIdentity? {
        guard self.configuration.identityURL != nil else { return nil }
        return RemoteIdentity(
            box: self.key.box(for: Self.keysPurpose),
            sessions: SessionTokens(boxes: [self.key.box(for: Self.sessionsPurpose), box], random: random),
            clock: clock, mapsAccountIDs: mapsAccountIDs)
    }

    /// The answer to processes that ask for the keys and policies of this one.
    func keysText(of identity: LocalIdentity, clock: any WallClock) -> @Sendable () -> String {
        let box = self.key.box(for: Self.keysPurpose)
        let last = CachedIdentityText()
        return {
            var (keys, policies) = identity.current(now: clock.now())
            keys.sort { $0.accessKeyID < $1.accessKeyID }
            return last.text(for: keys, policies, box: box)
        }
    }

    /// Fetches the keys of the other process repeatedly, until it is cancelled.
    func follow(_ identity: RemoteIdentity, log: any LogSink, clock: any WallClock) async {
        guard let url = self.configuration.identityURL, let endpoint = UpstreamEndpoint(url) else { return }
        let timeouts = UpstreamTimeouts(
            connect: .seconds(1), firstByte: .seconds(2), idle: .seconds(2), total: .seconds(3))
        var failure: String?
        while !Task.isCancelled {
            var problem: String?
            do {
                let client = try UpstreamClient(
                    endpoint, options: UpstreamOptions(timeouts: timeouts, keepsConnections: false), tls: self.tls)
                try await identity.refresh { try await self.keys(client) }
            } catch let error as UpstreamError {
                problem = error.sentence
            } catch {
                problem = "\(error)"
            }
            if problem != failure {
                failure = problem
                let sentence = problem.map { "the access keys of \(url) cannot be had: \($0)" }
                log.write(
                    LogRecord(
                        time: clock.now(), level: problem == nil ? .info : .error,
                        message: sentence ?? "the access keys of \(url) are known"))
            }
            // Ended early by the server's stop only, which the loop's condition sees.
            try? await Task.sleep(for: .milliseconds(RemoteIdentity.refreshMilliseconds))
        }
    }

    /// Ten thousand keys, sealed, and a whole file of policies.
    private static let keysBytesMax = (4 << 20) + UserPolicyFile.bytesMax
    /// How much of a refusal's text is logged.
    private static let reasonBytesMax = 256

    private func keys(_ client: UpstreamClient) async throws -> String {
        let (head, question) = self.signer.question(InternalEdge.keysPath, host: client.endpoint.authority)
        let answer = try await client.ask(
            UpstreamRequest(head.method, head.path, headers: head.headers, isIdempotent: false),
            bytesMax: Self.keysBytesMax)
        guard answer.head.status == 200 else {
            let reason = String(decoding: answer.body.prefix(Self.reasonBytesMax), as: UTF8.self)
            throw KeysRefused(status: answer.head.status, reason: reason)
        }
        guard let text = InternalEdge.keys(in: answer.body, to: question, key: self.key) else {
            throw KeysRefused(status: 200, reason: "the answer was made with another cluster key")
        }
        return text
    }

    private struct KeysRefused: Error, CustomStringConvertible {
        let status: Int
        let reason: String

        var description: String { "\(self.status): \(self.reason.split(separator: "\n").joined(separator: " "))" }
    }
}

extension ClusterConfiguration {
    /// The time limits for nodes of a role.
    func timeouts(of role: Role) -> UpstreamTimeouts {
        func bound(_ seconds: NodeSeconds) -> Duration? { seconds[role] > 0 ? .seconds(seconds[role]) : nil }
        return UpstreamTimeouts(
            connect: .seconds(self.upstreamConnect[role]), firstByte: bound(self.upstreamFirstByte),
            idle: bound(self.upstreamIdle), total: bound(self.upstreamTotal))
    }
}

/// The text of keys and policies, written again only when they are others: whoever asks can tell that nothing has
/// changed.
private final class CachedIdentityText: Sendable {
    private struct Cached {
        var keys: [AccessKey]
        var policies: UserPolicyFile.Policies
        var text: String
    }

    private let last = Mutex<Cached?>(nil)

    func text(for keys: [AccessKey], _ policies: UserPolicyFile.Policies, box: SecretBox) -> String {
        self.last.withLock { last in
            if let last, last.keys == keys, last.policies == policies { return last.text }
            let text = IdentityText.text(keys, policies, box: box)
            last = Cached(keys: keys, policies: policies, text: text)
            return text
        }
    }
}
