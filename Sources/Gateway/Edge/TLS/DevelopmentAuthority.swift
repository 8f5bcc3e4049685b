internal import Crypto
package import Primitives
internal import SwiftASN1
internal import X509

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// A certificate authority that this installation makes for itself, so that clients on this machine can use TLS.
///
/// Its directory holds `ca.pem` (which clients trust through `AWS_CA_BUNDLE`), `ca.key`, `server.pem` and `server.key`;
/// keys are P-256 with mode 0600. The server's certificate is made anew when it is missing, expired, or for other
/// names; the CA only when it is missing or expired, so that clients which trust it continue to do so.
package struct DevelopmentAuthority: Sendable {
    package let directory: String
    /// The DNS names and numeric addresses for which the server's certificate is valid; `*.` stands for one label.
    package let names: [String]
    private let clock: any WallClock

    /// Names that always mean this machine.
    package static let localNames = ["localhost", "*.localhost", "127.0.0.1", "::1"]

    private static let day: Int64 = 24 * 60 * 60
    private static let authorityDays: Int64 = 3650
    /// The maximum for server certificates of Apple and of the CA/Browser Forum.
    private static let serverDays: Int64 = 397
    private static let renewalDays: Int64 = 30

    /// - Parameters:
    ///   - directory: where certificates and keys are kept; created if it does not exist.
    ///   - names: in addition to `localNames`.
    ///   - clock: decides what has expired.
    package init(directory: String, names: [String] = [], clock: any WallClock = SystemClock()) {
        self.directory = directory
        self.names = Self.localNames + names.filter { !Self.localNames.contains($0) }
        self.clock = clock
    }

    /// The certificate that clients must trust.
    package var authorityPath: String { self.directory + "/ca.pem" }

    private var authorityKeyPath: String { self.directory + "/ca.key" }
    var serverPath: String { self.directory + "/server.pem" }
    var serverKeyPath: String { self.directory + "/server.key" }

    /// The server's certificate and key; made if necessary.
    func prepare() throws(CertificateError) -> CertificatePair {
        try PrivateFile.makeDirectory(self.directory)
        let authority = try self.authority()
        if let server = try self.server(of: authority) { return server }
        return try self.makeServer(of: authority)
    }

    private struct Authority {
        let certificate: Certificate
        let key: P256.Signing.PrivateKey
    }

    private var now: Date {
        Date(timeIntervalSince1970: Double(self.clock.now().secondsSinceEpoch))
    }

    private func date(days: Int64) -> Date {
        self.now.addingTimeInterval(Double(days * Self.day))
    }

    // The authority

    private func authority() throws(CertificateError) -> Authority {
        // Written last: a start that was killed may have left only the key.
        guard PrivateFile.exists(self.authorityPath) else { return try self.makeAuthority() }
        // A new authority would not be the one that clients trust.
        guard PrivateFile.exists(self.authorityKeyPath) else {
            throw .invalid(path: self.authorityPath, reason: "its key, ca.key, is not beside it")
        }
        let certificate = try Self.certificate(at: self.authorityPath)
        let key = try Self.key(at: self.authorityKeyPath)
        guard certificate.publicKey == Certificate.PublicKey(key.publicKey) else {
            throw .invalid(path: self.authorityKeyPath, reason: "it is not the key of ca.pem")
        }
        // A certificate must not outlive its issuer.
        guard certificate.notValidAfter > self.date(days: Self.serverDays) else { return try self.makeAuthority() }
        return Authority(certificate: certificate, key: key)
    }

    private func makeAuthority() throws(CertificateError) -> Authority {
        let key = P256.Signing.PrivateKey()
        let publicKey = Certificate.PublicKey(key.publicKey)
        do {
            let identifier = SubjectKeyIdentifier(hash: publicKey)
            // The name distinguishes the authorities of several installations in a trust store.
            let mark = Hex.encode(Array(identifier.keyIdentifier.prefix(4)))
            let name = try DistinguishedName {
                OrganizationName("Brume")
                CommonName("Brume development CA \(mark)")
            }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
                notValidBefore: self.date(days: -1), notValidAfter: self.date(days: Self.authorityDays),
                issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    identifier
                },
                issuerPrivateKey: Certificate.PrivateKey(key))
            // The key first: a certificate without its key would be refused at the next start.
            try PrivateFile.write(key.pemRepresentation + "\n", to: self.authorityKeyPath, mode: 0o600)
            try PrivateFile.write(
                try certificate.serializeAsPEM().pemString + "\n", to: self.authorityPath, mode: 0o644)
            return Authority(certificate: certificate, key: key)
        } catch let error as CertificateError {
            throw error
        } catch {
            throw .unusable(reason: "\(error)")
        }
    }

    // The server

    /// The certificate on disk, if it is still usable.
    private func server(of authority: Authority) throws(CertificateError) -> CertificatePair? {
        guard PrivateFile.exists(self.serverPath), PrivateFile.exists(self.serverKeyPath) else { return nil }
        let files = CertificatePair(
            certificate: try PEMFile(self.serverPath), key: try PEMFile(self.serverKeyPath))
        // Whatever is wrong with it, a new one takes a millisecond.
        guard let certificate = try? Certificate(pemEncoded: files.certificate.text),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: files.key.text),
            certificate.publicKey == Certificate.PublicKey(key.publicKey),
            authority.certificate.publicKey.isValidSignature(certificate.signature, for: certificate),
            certificate.notValidBefore <= self.now,
            certificate.notValidAfter > self.date(days: Self.renewalDays),
            let names = try? certificate.extensions.subjectAlternativeNames,
            Array(names) == self.alternativeNames()
        else { return nil }
        return files
    }

    private func makeServer(of authority: Authority) throws(CertificateError) -> CertificatePair {
        let key = P256.Signing.PrivateKey()
        do {
            let identifier = SubjectKeyIdentifier(hash: authority.certificate.publicKey)
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
                notValidBefore: self.date(days: -1), notValidAfter: self.date(days: Self.serverDays - 1),
                issuer: authority.certificate.subject,
                subject: try DistinguishedName {
                    OrganizationName("Brume")
                    CommonName("localhost")
                },
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth])
                    SubjectAlternativeNames(self.alternativeNames())
                    AuthorityKeyIdentifier(keyIdentifier: identifier.keyIdentifier)
                },
                issuerPrivateKey: Certificate.PrivateKey(authority.key))
            let keyText = key.pemRepresentation + "\n"
            let certificateText = try certificate.serializeAsPEM().pemString + "\n"
            try PrivateFile.write(keyText, to: self.serverKeyPath, mode: 0o600)
            try PrivateFile.write(certificateText, to: self.serverPath, mode: 0o644)
            return CertificatePair(
                certificate: PEMFile(self.serverPath, certificateText), key: PEMFile(self.serverKeyPath, keyText))
        } catch let error as CertificateError {
            throw error
        } catch {
            throw .unusable(reason: "\(error)")
        }
    }

    private func alternativeNames() -> [GeneralName] {
        self.names.map { name in
            if let address = NumericAddress.bytes(name) {
                .ipAddress(ASN1OctetString(contentBytes: address[...]))
            } else {
                .dnsName(name)
            }
        }
    }

    private static func certificate(at path: String) throws(CertificateError) -> Certificate {
        let text = try PrivateFile.read(path)
        do {
            return try Certificate(pemEncoded: text)
        } catch {
            throw .invalid(path: path, reason: "it holds no certificate in PEM")
        }
    }

    private static func key(at path: String) throws(CertificateError) -> P256.Signing.PrivateKey {
        let text = try PrivateFile.read(path)
        do {
            return try P256.Signing.PrivateKey(pemRepresentation: text)
        } catch {
            throw .invalid(path: path, reason: "it holds no key of P-256 in PEM")
        }
    }
}
