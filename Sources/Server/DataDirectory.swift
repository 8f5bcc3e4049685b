package import Primitives
package import ServiceKit
package import Signing

/// The layout of the data directory, and the secrets that the first start makes there.
package struct DataDirectory: Sendable {
    package let path: String

    package init(path: String) {
        self.path = path
    }

    package var store: String { "\(self.path)/store" }
    package var tls: String { "\(self.path)/tls" }
    package var logs: String { "\(self.path)/logs" }
    package var accessLog: String { "\(self.logs)/access.log" }
    package var objects: String { "\(self.path)/objects" }
    /// The data streams of Kinesis.
    package var dataStreams: String { "\(self.path)/streams" }
    /// The recorded usage of models.
    package var usage: String { "\(self.path)/usage" }
    /// The user's own price list for `brume usage`.
    package var prices: String { "\(self.path)/prices.json" }
    package var models: String { "\(self.path)/models" }
    package var accessKeys: String { "\(self.path)/identity/access-keys" }
    package var userPolicies: String { "\(self.path)/identity/user-policies" }
    package var sealKey: String { "\(self.path)/identity/seal.key" }
    /// The key file that `brume keys cluster` writes.
    package var clusterKey: String { "\(self.path)/identity/cluster.key" }
    /// The certificate of the development authority.
    package var authority: String { "\(self.tls)/ca.pem" }
    /// The token by which commands authenticate to the running server.
    package var controlTokenFile: String { "\(self.path)/identity/control-token" }
    /// The address of the running server (`ServerAddress`).
    package var serverFile: String { "\(self.path)/server" }

    /// Makes the directory, and checks that it is writable.
    package func prepare(random: any RandomSource) throws(FileError) {
        for directory in [self.path, "\(self.path)/identity", self.logs] {
            try Files.createDirectory(directory)
        }
        try self.probe(random: random)
    }

    /// Makes the token by which commands control this server; every start makes a new one.
    func makeControlToken(random: any RandomSource) throws(FileError) -> String {
        let token = Hex.encode(random.bytes(32))
        try Files.replace(
            self.controlTokenFile, with: Array(token.utf8), mode: 0o600, temporarySuffix: Hex.encode(random.bytes(8)))
        return token
    }

    /// Checks that the directory is writable, by writing to it.
    package func probe(random: any RandomSource) throws(FileError) {
        let probe = "\(self.path)/writable"
        try Files.replace(probe, with: [], mode: 0o600, temporarySuffix: Hex.encode(random.bytes(8)))
        try Files.remove(probe)
    }

    /// Checks whether the files under a running server still exist.
    ///
    /// - Parameter hasStore: whether its store is in this directory.
    /// - Returns: a sentence that names what is missing; nil when nothing is.
    package func loss(hasStore: Bool) -> String? {
        // A directory that was deleted and made anew has no `format` file, so it is not the store that is open.
        guard Files.facts(hasStore ? "\(self.store)/format" : self.path) == nil else { return nil }
        return hasStore
            ? "the store's directory \(self.store) is gone: what is written now ends with this process"
            : "the data directory \(self.path) is gone"
    }

    /// The key that seals secrets here; made at the first start, mode 0600. If several processes start at the same
    /// time, all use the key of the one that was first.
    package func secretBox(random: any RandomSource) throws(FileError) -> SecretBox {
        var bytes: [UInt8]
        do {
            bytes = try Files.read(self.sealKey)
        } catch .absent {
            bytes = random.bytes(SecretBox.keyBytes)
            try Files.createDirectories(above: self.sealKey)
            let isOurs = try Files.create(
                self.sealKey, with: bytes, mode: 0o600, temporarySuffix: Hex.encode(random.bytes(8)))
            if !isOurs { bytes = try Files.read(self.sealKey) }
        } catch {
            throw error
        }
        guard let box = SecretBox(key: bytes) else {
            throw .unusable(path: self.sealKey, reason: "it is not \(SecretBox.keyBytes) bytes long")
        }
        return box
    }

    package func accessKeyFile(random: any RandomSource) throws(FileError) -> AccessKeyFile {
        AccessKeyFile(path: self.accessKeys, box: try self.secretBox(random: random), random: random)
    }

    package func userPolicyFile(random: any RandomSource) -> UserPolicyFile {
        UserPolicyFile(path: self.userPolicies, random: random)
    }
}

/// The address of a running server, as the server tells other commands.
package struct ServerAddress: Sendable, Equatable {
    package var processID: Int32
    package var port: Int
    package var host: String
    package var version: String
    /// The region of requests whose signature does not name one.
    package var region: String
    /// Whether requests without TLS are answered.
    package var answersPlaintext: Bool
    /// The certificate of the authority that clients must trust; nil when the server uses a certificate of the
    /// operator's.
    package var authorityPath: String?

    package init(
        processID: Int32, port: Int, host: String, version: String, region: String, answersPlaintext: Bool = true,
        authorityPath: String? = nil
    ) {
        self.processID = processID
        self.port = port
        self.host = host
        self.version = version
        self.region = region
        self.answersPlaintext = answersPlaintext
        self.authorityPath = authorityPath
    }

    /// Whether a server that listens on `host` is reached as `localhost`.
    static func isLocalhost(_ host: String) -> Bool {
        ["localhost", "127.0.0.1", "::1", "0.0.0.0", "::"].contains(host)
    }

    /// The host name by which a client on this machine reaches a server that listens on `host`.
    static func clientHost(_ host: String) -> String {
        if self.isLocalhost(host) { return "localhost" }
        return host.contains(":") ? "[\(host)]" : host
    }

    /// The host name by which a client on this machine reaches the server.
    package var clientHost: String { Self.clientHost(self.host) }

    /// One line for each value; the path is last, so that it may contain any character.
    package var text: String {
        let schemes = self.answersPlaintext ? Self.bothSchemes : Self.onlyTLS
        return "\(self.processID)\n\(self.port)\n\(self.host)\n\(self.version)\n\(self.region)\n\(schemes)\n"
            + "\(self.authorityPath ?? "-")\n"
    }

    private static let bothSchemes = "http,https"
    private static let onlyTLS = "https"

    /// - Returns: nil when the text was not written by `text`.
    package init?(text: String) {
        let lines = text.split(separator: "\n", maxSplits: 6, omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 7, let processID = Int32(lines[0]), let port = Int(lines[1]),
            [Self.bothSchemes, Self.onlyTLS].contains(lines[5]), lines[6].hasSuffix("\n")
        else { return nil }
        let path = String(lines[6].dropLast())
        self.init(
            processID: processID, port: port, host: lines[2], version: lines[3], region: lines[4],
            answersPlaintext: lines[5] == Self.bothSchemes, authorityPath: path == "-" ? nil : path)
    }
}
