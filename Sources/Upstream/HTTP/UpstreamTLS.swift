internal import NIOSSL

/// TLS settings for other servers: whom to trust, and our own certificate. Make it once and share it, because reading
/// the system's authorities takes some milliseconds.
package final class UpstreamTLS: Sendable {
    /// Files and names.
    package struct Settings: Sendable {
        /// A PEM file of authorities to trust.
        package var authoritiesPath: String?
        /// Whether the system's authorities are trusted in addition to those of the file.
        package var trustsSystem = true
        /// Our own certificate chain, as PEM, for servers that require one (mutual TLS); needs `keyPath`.
        package var certificatePath: String?
        package var keyPath: String?
        /// The name that the server's certificate must have, instead of the host name; for servers with numeric
        /// addresses.
        package var serverName: String?

        package init() {}
    }

    let context: NIOSSLContext
    let serverName: String?

    /// - Throws: `.untrusted` when a file or the system's authorities cannot be read.
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
