internal import Primitives
internal import ServiceKit

/// The environment variables that point an unmodified SDK at this server.
package enum ClientEnvironment {
    /// The variables of `brume env`, in the order in which it prints them. An `accessKeyID` of nil means the root key;
    /// a `region` of nil means that of the running server, or the configured one if none runs.
    package static func variables(
        _ configuration: Configuration, accessKeyID: String?, region: String? = nil, usesPlaintext: Bool
    ) throws(StartError) -> [(name: String, value: String)] {
        let keys = try KeyStore.existing(configuration)?.list().filter { !$0.isBedrock } ?? []
        let key: KeyDescription?
        if let accessKeyID {
            key = keys.first { $0.accessKeyID == accessKeyID }
        } else {
            key = keys.first { $0.userName == nil && $0.isActive }
        }
        guard let key else {
            throw accessKeyID.map(StartError.noKey)
                ?? StartError(
                    .configuration,
                    keys.isEmpty && self.takesKeysOfAnother(configuration)
                        ? "the access keys are taken from another process: run `brume env` there (see identity-url)"
                        : "there is no root key in \(configuration.dataDirectory) yet: run `brume start`, which "
                            + "creates it"
                )
        }
        let address = ServerProbe.address(configuration) ?? self.expected(configuration)
        guard address.answersPlaintext || !usesPlaintext else {
            throw StartError(.configuration, "the server answers TLS only: omit --plaintext")
        }
        let scheme = usesPlaintext ? "http" : "https"
        let region = region ?? address.region
        guard Region(region) != nil else {
            throw StartError(
                .usage, "\(region) is not a region: one has 1 to 40 lower-case letters, digits and hyphens")
        }
        var variables = [
            ("AWS_ENDPOINT_URL", "\(scheme)://\(address.clientHost):\(address.port)"),
            ("AWS_ACCESS_KEY_ID", key.accessKeyID),
            ("AWS_SECRET_ACCESS_KEY", key.secretAccessKey),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_REGION", region),
            // Host prefixes such as `data-` would lead to names that do not resolve.
            ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true"),
            // There is no metadata service here; SDKs would wait for its timeout.
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]
        if !usesPlaintext, let authorityPath = address.authorityPath {
            variables.append(("AWS_CA_BUNDLE", authorityPath))
        }
        return variables
    }

    /// Whether the server takes its keys from another process. The setting may be a flag that only the running server
    /// knows; a server with keys of its own has made a root key at its start.
    static func takesKeysOfAnother(_ configuration: Configuration) -> Bool {
        configuration.cluster.identityURL != nil || ServerProbe.address(configuration) != nil
    }

    /// Variables that `brume env` unsets: a session token would accompany the wrong key, and with a profile SDKs ignore
    /// keys.
    package static let unset = ["AWS_SESSION_TOKEN", "AWS_PROFILE"]

    /// The address of a server that would be started with this configuration.
    private static func expected(_ configuration: Configuration) -> ServerAddress {
        let authority = DataDirectory(path: configuration.dataDirectory).authority
        return ServerAddress(
            processID: 0, port: configuration.port, host: configuration.ownHost, version: BuildInformation.version,
            region: configuration.region, answersPlaintext: configuration.allowsPlaintext,
            authorityPath: configuration.tlsCertificate == nil ? authority : nil)
    }
}
