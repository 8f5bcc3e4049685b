internal import ArgumentParser

/// What `brume start` is told of the other processes that it shares its work with.
struct ClusterOptions: ParsableArguments {
    @Option(help: "Services to run: dynamodb, bedrock, sts, or none (default: all that no --upstream names).")
    var services: String?

    @Option(help: "Services of other processes: 'dynamodb=http://node:4567', several separated by commas.")
    var upstream: String?

    @Option(
        name: .customLong("cluster-key-file"),
        help: ArgumentHelp("The key that all processes share; `brume keys cluster` makes one.", valueName: "file"))
    var clusterKeyFile: String?

    @Option(
        name: .customLong("internal-listen"),
        help: ArgumentHelp("Where requests of gateways are taken.", valueName: "host:port"))
    var internalListen: String?

    @Option(
        name: .customLong("identity-url"),
        help: ArgumentHelp("The process whose access keys are taken.", valueName: "url"))
    var identityURL: String?

    @Option(
        name: .customLong("internal-tls-cert"),
        help: ArgumentHelp("Certificate chain among the processes (PEM).", valueName: "file"))
    var tlsCertificate: String?

    @Option(
        name: .customLong("internal-tls-key"),
        help: ArgumentHelp("Private key of --internal-tls-cert (PEM).", valueName: "file"))
    var tlsKey: String?

    @Option(
        name: .customLong("internal-tls-ca"),
        help: ArgumentHelp("Authority of every process's certificate (PEM).", valueName: "file"))
    var tlsAuthority: String?

    /// Names of settings, and what was said for them.
    var given: [(String, String?)] {
        [
            ("services", self.services), ("upstream", self.upstream), ("cluster-key-file", self.clusterKeyFile),
            ("internal-listen", self.internalListen), ("identity-url", self.identityURL),
            ("internal-tls-cert", self.tlsCertificate), ("internal-tls-key", self.tlsKey),
            ("internal-tls-ca", self.tlsAuthority),
        ]
    }
}
