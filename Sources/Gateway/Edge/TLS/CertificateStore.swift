internal import NIOSSL
internal import Synchronization

/// The certificate that new TLS connections get; it can be replaced while the server runs.
package final class CertificateStore: Sendable {
    /// Where certificate and key come from.
    package enum Source: Sendable {
        /// Made here, signed by the installation's own authority.
        case development(DevelopmentAuthority)
        /// PEM files of the user: the chain, leaf first, and its key.
        case files(certificatePath: String, keyPath: String)
    }

    private let source: Source
    private let current: Mutex<NIOSSLContext>

    /// Reads or makes the certificate: some milliseconds.
    package init(_ source: Source) throws(CertificateError) {
        self.source = source
        self.current = Mutex(try Self.load(source))
    }

    /// The file that clients must trust, when the certificate is of our own making.
    package var authorityPath: String? {
        switch self.source {
        case .development(let authority): authority.authorityPath
        case .files: nil
        }
    }

    /// Takes the files as they are now, for connections from here on. On an error the old certificate stays.
    package func reload() throws(CertificateError) {
        let context = try Self.load(self.source)
        self.current.withLock { $0 = context }
    }

    func context() -> NIOSSLContext {
        self.current.withLock { $0 }
    }

    private static func load(_ source: Source) throws(CertificateError) -> NIOSSLContext {
        let text: (certificate: String, key: String)
        switch source {
        case .development(let authority): text = try authority.prepare()
        case .files(let certificatePath, let keyPath):
            text = (try PrivateFile.read(certificatePath), try PrivateFile.read(keyPath))
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(text.certificate.utf8))
            let key = try NIOSSLPrivateKey(bytes: Array(text.key.utf8), format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["h2", "http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .unusable(reason: "\(error)")
        }
    }
}
