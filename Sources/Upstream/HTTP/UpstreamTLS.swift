internal import NIOSSL

/// How TLS is spoken to other servers: whom we trust, and who we are. Made once and shared, since to read the system's
/// authorities takes some milliseconds.
package final class UpstreamTLS: Sendable {
    /// Files and names.
    package struct Settings: Sendable {
        /// A PEM file of authorities to trust.
        package var authoritiesPath: String?
        /// Whether the system's authorities are trusted beside those of the file.
        package var trustsSystem = true
        /// Our own certificate chain, as PEM, where the other side asks for one (mutual TLS); with `keyPath`.
        package var certificatePath: String?
        package var keyPath: String?
        /// The name that the other side's certificate must have, in place of the one it is called by; for servers that
        /// are found by their numbers.
        package var serverName: String?

        package init() {}
    }

    let context: NIOSSLContext
    let serverName: String?

    /// - Throws: `.untrusted` where a file or the system's authorities cannot be read.
    package init(_ settings: Settings = Settings()) throws(UpstreamError) {
        precondition(
            (settings.certificatePath == nil) == (settings.keyPath == nil), "a certificate is of use with its key only")
        self.serverName = settings.serverName
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.applicationProtocols = ["http/1.1"]
            configuration.minimumTLSVersion = .tlsv12
            if let path = settings.authoritiesPath {
                let authorities = try NIOSSLCertificate.fromPEMFile(path)
                if settings.trustsSystem {
                    configuration.additionalTrustRoots = [.certificates(authorities)]
                } else {
                    configuration.trustRoots = .certificates(authorities)
                }
            }
            if let certificatePath = settings.certificatePath, let keyPath = settings.keyPath {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificatePath).map {
                    .certificate($0)
                }
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: keyPath, format: .pem))
            }
            self.context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw UpstreamError(.untrusted("its certificates cannot be read: \(error)"))
        }
    }

    func handler(for endpoint: UpstreamEndpoint) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: self.context, serverHostname: self.serverName ?? endpoint.serverName)
    }
}
