internal import Primitives
internal import ServiceKit

/// The environment variables with which an unmodified SDK finds this server.
package enum ClientEnvironment {
    /// What `brume env` prints, in its order; `accessKeyID` nil means the root key.
    package static func variables(
        _ configuration: Configuration, accessKeyID: String?, usesPlaintext: Bool
    ) throws(StartError) -> [(name: String, value: String)] {
        let keys = try KeyStore(configuration).list()
        let key: KeyDescription?
        if let accessKeyID {
            key = keys.first { $0.accessKeyID == accessKeyID }
        } else {
            key = keys.first { $0.userName == nil && $0.isActive }
        }
        guard let key else {
            throw StartError(
                .configuration,
                accessKeyID.map { "there is no access key \($0); `brume keys list` shows which there are" }
                    ?? "there is no root key yet: the first `brume start` makes it"
            )
        }
        let directory = DataDirectory(path: configuration.dataDirectory)
        let address = ServerProbe.address(configuration)
        let port = address?.port ?? configuration.port
        let scheme = usesPlaintext ? "http" : "https"
        var variables = [
            ("AWS_ENDPOINT_URL", "\(scheme)://localhost:\(port)"),
            ("AWS_ACCESS_KEY_ID", key.accessKeyID),
            ("AWS_SECRET_ACCESS_KEY", key.secretAccessKey),
            ("AWS_DEFAULT_REGION", configuration.region),
            ("AWS_REGION", configuration.region),
            // Host prefixes such as `data-` would lead to names that do not resolve.
            ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true"),
            // Nobody answers at the metadata address; SDKs would wait for it.
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]
        if !usesPlaintext, configuration.tlsCertificate == nil {
            variables.append(("AWS_CA_BUNDLE", "\(directory.tls)/\(BrumeServer.authorityFileName)"))
        }
        return variables
    }
}
