internal import BedrockRuntimeService
internal import Gateway
internal import Inference
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Signing

/// The steps of `start`.
extension BrumeServer {
    static func using<Value>(
        _ directory: DataDirectory, _ work: () throws(FileError) -> Value
    ) throws(StartError) -> Value {
        do throws(FileError) {
            return try work()
        } catch {
            throw StartError(unusable: error)
        }
    }

    static func usage(
        _ directory: DataDirectory, _ random: any RandomSource
    ) throws(StartError) -> UsageLedger {
        try self.using(directory) { () throws(FileError) in
            try UsageLedger(directory: directory.usage, random: random)
        }
    }

    static func recordings(_ configuration: Configuration) throws(StartError) -> Recordings {
        do throws(RecordingError) {
            return try Recordings(of: configuration.bedrockRules)
        } catch {
            throw StartError(.configuration, "a recording in bedrock-rules cannot be used: \(error.sentence)")
        }
    }

    static func preparedBox(
        _ configuration: Configuration, _ directory: DataDirectory, _ random: SystemRandomSource
    ) throws(StartError) -> SecretBox {
        try self.using(directory) { () throws(FileError) in
            try directory.prepare(random: random)
            return try directory.secretBox(random: random)
        }
    }

    /// The host names under which clients may address each service.
    static func hosts(_ services: [RegisteredService], _ configuration: Configuration) -> [String] {
        services.map(\.binding.schema.endpointPrefix).flatMap { host in
            ["\(host).localhost", "\(host).\(configuration.region).localhost"]
        }
    }

    /// The addresses that the server listens on, and the names that clients may use for it.
    private static func listened(_ configuration: Configuration) -> [String] {
        configuration.hosts.filter { !ServerAddress.isLocalhost($0) && Setting.isCertificateName($0) }
    }

    static func certificates(
        _ configuration: Configuration, _ directory: DataDirectory, _ hosts: [String]
    ) throws(StartError) -> CertificateStore {
        do throws(CertificateError) {
            if let certificate = configuration.tlsCertificate, let key = configuration.tlsKey {
                return try CertificateStore(.files(certificatePath: certificate, keyPath: key))
            }
            // Made concurrently, so that plain HTTP need not wait for it; `start` awaits it before it reports that it
            // is ready.
            return CertificateStore(
                preparing: .development(
                    DevelopmentAuthority(
                        directory: directory.tls, names: hosts + self.listened(configuration) + configuration.tlsNames))
            )
        } catch {
            throw StartError(configuration.tlsCertificate == nil ? .dataDirectory : .configuration, error.description)
        }
    }

    static func wait(
        for certificates: CertificateStore, _ configuration: Configuration
    ) async throws(StartError) {
        do throws(CertificateError) {
            try await certificates.whenReady()
        } catch {
            throw StartError(configuration.tlsCertificate == nil ? .dataDirectory : .configuration, error.description)
        }
    }

    static func listen(
        _ configuration: Configuration, _ openFiles: Int, _ certificates: CertificateStore, _ memory: RequestMemory,
        _ responder: any EdgeResponder
    ) async throws(StartError) -> EdgeListener {
        var limits = EdgeLimits()
        limits.connectionCountMax = OpenFiles.connectionCountMax(
            openFiles: openFiles, wanted: limits.connectionCountMax)
        let edge = EdgeConfiguration(
            hosts: configuration.hosts,
            port: configuration.port,
            loopCount: configuration.loops,
            certificates: certificates,
            allowsPlaintext: configuration.allowsPlaintext,
            limits: limits,
            bodies: memory.bodies
        )
        return try await self.start(edge, responder)
    }

    private static func start(
        _ edge: EdgeConfiguration, _ responder: any EdgeResponder
    ) async throws(StartError) -> EdgeListener {
        do throws(EdgeListenerError) {
            return try await EdgeListener.start(edge, responder: responder)
        } catch {
            let reason: StartError.Reason =
                switch error {
                case .addressInUse: .portInUse
                case .permissionDenied: .noPermission
                case .addressNotAvailable, .unknownHost, .listedTwice: .configuration
                case .failed: .other
                }
            throw StartError(reason, error.description)
        }
    }

    /// Connections of gateways, which keep them open between requests.
    private static let internalConnectionCountMax = 4096

    /// The listener for the other processes of a cluster; it shares the memory for large bodies with the public one.
    static func listenInternally(
        _ configuration: Configuration, _ openFiles: Int, _ cluster: Cluster?, _ keys: ServerKeys,
        _ pipeline: Pipeline, _ clock: SystemClock, beside listener: EdgeListener
    ) async throws(StartError) -> (listener: EdgeListener, certificates: CertificateStore?)? {
        guard let cluster, let address = configuration.cluster.internalListen else { return nil }
        let certificates = try cluster.certificates()
        var limits = EdgeLimits()
        limits.connectionCountMax = OpenFiles.connectionCountMax(
            openFiles: openFiles, wanted: Self.internalConnectionCountMax)
        // A gateway that closes its side of a connection has lost its client: nobody waits for the answer.
        limits.halfClosedTimeout = .zero
        let edge = EdgeConfiguration(
            hosts: [address.host], port: address.port, loopCount: configuration.loops, certificates: certificates,
            allowsPlaintext: certificates == nil, limits: limits, bodies: listener.bodies,
            answers: listener.answers)
        let text = keys.local.map { cluster.keysText(of: $0, clock: clock) }
        let responder = InternalEdge(pipeline: pipeline, key: cluster.key, clock: clock, keys: text)
        return (try await self.start(edge, responder), certificates)
    }

    /// Writes the file by which other commands find the server.
    static func publish(
        _ port: Int, _ configuration: Configuration, _ directory: DataDirectory, _ random: any RandomSource
    ) throws(StartError) {
        let address = ServerAddress(
            processID: ProcessEnvironment.processID,
            port: port,
            host: configuration.ownHost,
            version: BuildInformation.version,
            region: configuration.region,
            answersPlaintext: configuration.allowsPlaintext,
            authorityPath: configuration.tlsCertificate == nil ? directory.authority : nil
        )
        try self.using(directory) { () throws(FileError) in
            try Files.replace(
                directory.serverFile,
                with: Array(address.text.utf8),
                mode: 0o644,
                temporarySuffix: Hex.encode(random.bytes(8))
            )
        }
    }
}
