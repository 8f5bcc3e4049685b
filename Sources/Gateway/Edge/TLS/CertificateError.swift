/// Why there is no certificate for TLS.
package enum CertificateError: Error, Sendable, Equatable {
    /// A file could not be read.
    case unreadable(path: String, reason: String)
    /// A file could not be written.
    case unwritable(path: String, reason: String)
    /// A file has the wrong content.
    case invalid(path: String, reason: String)
    /// The TLS library refuses certificate and key.
    case unusable(reason: String)
}

extension CertificateError: CustomStringConvertible {
    /// What is wrong and how to mend it, in one sentence.
    package var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "Cannot read \(path): \(reason). Make it readable for this user, or name another file."
        case .unwritable(let path, let reason):
            "Cannot write \(path): \(reason). Make its directory writable for this user."
        case .invalid(let path, let reason):
            "\(path) is not usable: \(reason). Replace the file; development certificates are made anew once gone."
        case .unusable(let reason):
            "TLS refuses the certificate and its key: \(reason)."
        }
    }
}
