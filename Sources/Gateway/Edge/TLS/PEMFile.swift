/// A file in PEM, with where it is, which errors name.
struct PEMFile {
    let path: String
    let text: String

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
    }

    init(_ path: String) throws(CertificateError) {
        self.init(path, try PrivateFile.read(path))
    }
}

/// A certificate, with those of its issuers where the file has them, and its private key.
struct CertificatePair {
    let certificate: PEMFile
    let key: PEMFile
}
