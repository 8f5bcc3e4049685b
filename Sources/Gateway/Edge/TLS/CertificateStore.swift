internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// The certificate for new TLS connections; can be replaced while the server runs.
package final class CertificateStore: Sendable {
    /// Where certificate and key come from.
    package enum Source: Sendable {
        /// Made here, and signed by the installation's own authority.
        case development(DevelopmentAuthority)
        /// The operator's PEM files: the chain, leaf first, and its key.
        case files(certificatePath: String, keyPath: String)
        /// As `files`, and clients must present a certificate of that authority (mutual TLS).
        case mutual(certificatePath: String, keyPath: String, authorityPath: String)
    }

    private typealias Outcome = Result<NIOSSLContext, CertificateError>

    private enum State {
        /// Each waiter is called once.
        case preparing(waiters: [@Sendable (Outcome) -> Void])
        case decided(Outcome)
    }

    private let source: Source
    private let state: Mutex<State>

    /// Reads or makes the certificate, and returns when it is ready: some 50 ms with an empty directory, mostly for the
    /// disk.
    package init(_ source: Source) throws(CertificateError) {
        self.source = source
        self.state = Mutex(.decided(.success(try Self.load(source))))
    }

    /// Reads or makes the certificate on a thread of its own, so that the start does not wait for it. TLS connections
    /// that come earlier wait for the certificate; if it fails they are closed, and `whenReady` throws the reason.
    package init(preparing source: Source) {
        self.source = source
        self.state = Mutex(.preparing(waiters: []))
        NIOSingletons.posixBlockingThreadPool.submit { _ in
            let outcome: Outcome
            do throws(CertificateError) {
                outcome = .success(try Self.load(source))
            } catch {
                outcome = .failure(error)
            }
            self.decide(outcome)
        }
    }

    /// Returns when there is a certificate; throws when there will be none.
    package func whenReady() async throws(CertificateError) {
        let outcome = await withCheckedContinuation { continuation in
            self.whenDecided { continuation.resume(returning: $0) }
        }
        _ = try outcome.get()
    }

    /// The certificate that clients must trust, if it was made here.
    package var authorityPath: String? {
        switch self.source {
        case .development(let authority): authority.authorityPath
        case .files, .mutual: nil
        }
    }

    /// Reads the files again, for connections from now on. If that fails, the old certificate stays in use.
    package func reload() throws(CertificateError) {
        self.decide(.success(try Self.load(self.source)))
    }

    func context(on eventLoop: any EventLoop) -> EventLoopFuture<NIOSSLContext> {
        let promise = eventLoop.makePromise(of: NIOSSLContext.self)
        self.whenDecided { outcome in promise.completeWith(outcome.mapError { $0 }) }
        return promise.futureResult
    }

    private func decide(_ outcome: Outcome) {
        let waiters = self.state.withLock { state in
            defer { state = .decided(outcome) }
            guard case .preparing(let waiters) = state else { return [@Sendable (Outcome) -> Void]() }
            return waiters
        }
        for waiter in waiters { waiter(outcome) }
    }

    private func whenDecided(_ waiter: @escaping @Sendable (Outcome) -> Void) {
        let outcome: Outcome? = self.state.withLock { state in
            switch state {
            case .decided(let outcome): return outcome
            case .preparing(let waiters):
                state = .preparing(waiters: waiters + [waiter])
                return nil
            }
        }
        if let outcome { waiter(outcome) }
    }

    /// How long the client's own farewell is waited for once this side has said its own: clients that keep connections
    /// for later do not read them, and say none. All that was answered has left by then.
    private static let farewellTimeout = TimeAmount.milliseconds(200)

    private static func load(_ source: Source) throws(CertificateError) -> NIOSSLContext {
        let files: CertificatePair
        var authority: PEMFile?
        switch source {
        case .development(let development): files = try development.prepare()
        case .files(let certificatePath, let keyPath):
            files = CertificatePair(certificate: try PEMFile(certificatePath), key: try PEMFile(keyPath))
        case .mutual(let certificatePath, let keyPath, let authorityPath):
            files = CertificatePair(certificate: try PEMFile(certificatePath), key: try PEMFile(keyPath))
            authority = try PEMFile(authorityPath)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try self.certificates(in: files.certificate).map { .certificate($0) },
            privateKey: .privateKey(try self.key(in: files.key))
        )
        if let authority {
            // A client without a certificate of that authority is refused in the handshake. The name in it does not
            // matter: the authority issues certificates to the cluster only.
            configuration.trustRoots = .certificates(try self.certificates(in: authority))
            configuration.certificateVerification = .noHostnameVerification
        }
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        configuration.shutdownTimeout = self.farewellTimeout
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .unusable(
                reason: "\(files.key.path) is not the key of \(files.certificate.path), or one is of a kind that is "
                    + "not taken (\(error)). Name two files that belong together")
        }
    }

    private static func certificates(in file: PEMFile) throws(CertificateError) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMBytes(Array(file.text.utf8))
        } catch {
            throw .invalid(path: file.path, reason: "it holds no whole certificate in PEM (\(error))")
        }
    }

    private static func key(in file: PEMFile) throws(CertificateError) -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(bytes: Array(file.text.utf8), format: .pem)
        } catch {
            guard !file.text.contains("ENCRYPTED") else {
                throw .invalid(
                    path: file.path,
                    reason: "it is locked with a password, which nobody can say at a start (`openssl pkey -in "
                        + "\(file.path) -out open.pem` writes it without)")
            }
            throw .invalid(path: file.path, reason: "it holds no private key in PEM (\(error))")
        }
    }
}
