internal import BedrockRuntimeService
internal import Primitives

/// One thing that can be set by flag, environment variable and file, under one name.
package struct Setting: Sendable {
    /// The flag without its hyphens, and the key in the file.
    package let name: String
    /// For help and for the documentation.
    package let summary: String
    /// The text of the default, for help.
    package let standard: String
    /// Whether it names a file or a directory: `~` at its start is the home of the user then.
    let isPath: Bool
    /// Takes a text from any of the three sources.
    /// - Throws: `ConfigurationError` saying what was expected.
    let apply: @Sendable (_ text: String, _ configuration: inout Configuration) throws(ConfigurationError) -> Void

    /// The environment variable: `data-dir` is `BRUME_DATA_DIR`.
    package var environmentVariable: String {
        "BRUME_" + self.name.uppercased().replacing("-", with: "_")
    }

    /// Every setting, in the order of the documentation.
    package static let all: [Setting] = [
        Setting(
            "port", "TCP port of the endpoint (0 takes a free one)", "4566"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.port = try Self.integer(text, 0...65_535)
        },
        Setting(
            "host", "addresses to listen on, separated by commas", "127.0.0.1"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.hosts = try Self.list(text)
        },
        Setting(
            "data-dir", "where everything is kept", "~/.brume", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.dataDirectory = try Self.nonEmpty(text)
        },
        Setting(
            "region", "region of requests without a signature scope", "us-east-1"
        ) { (text, configuration) throws(ConfigurationError) in
            guard Region(text) != nil else {
                throw ConfigurationError("takes 1 to 40 lower-case letters, digits and hyphens")
            }
            configuration.region = text
        },
        Setting(
            "loops", "event loops, each a thread", "one a core, at most 8"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.loops = try Self.integer(text, 1...256)
        },
        Setting(
            "block-cache-mb", "memory for data blocks, in MiB", "64"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.blockCacheMegabytes = try Self.integer(text, 1...1_048_576)
        },
        Setting(
            "durability", "durable, or relaxed: a power cut may lose the last seconds", "durable"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.durability = try Self.choice(text)
        },
        Setting(
            "tls-cert", "certificate chain of your own (PEM)", "a development certificate", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.tlsCertificate = try Self.nonEmpty(text)
        },
        Setting(
            "tls-key", "private key of tls-cert (PEM)", "a development key", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.tlsKey = try Self.nonEmpty(text)
        },
        Setting(
            "tls-names", "more names for the development certificate", "none"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.tlsNames = try Self.list(text)
        },
        Setting(
            "plaintext", "whether plain HTTP is answered beside TLS", "true"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.allowsPlaintext = try Self.truth(text)
        },
        Setting(
            "compat", "none, or localstack: key test/test on loopback, /_localstack/health", "none"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.compatibility = try Self.choice(text)
        },
        Setting(
            "insecure-accept-any-credentials", "do not look at signatures", "false"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.acceptsAnyCredentials = try Self.truth(text)
        },
        Setting(
            "throttling", "whether a DynamoDB table's throughput is enforced", "true"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.isThrottling = try Self.truth(text)
        },
        Setting(
            "table-metrics", "whether /metrics names tables and models with their CloudWatch metrics", "false"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.tellsTableMetrics = try Self.truth(text)
        },
        Setting(
            "bedrock-aliases", "models that answer for ids of Bedrock, such as anthropic.*=brume.echo", "none"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.bedrockAliases = try Self.aliases(text)
        },
        Setting(
            "drain-delay-seconds", "how long a stop is only told on /readyz before nothing new is accepted", "0"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.drainDelaySeconds = try Self.integer(text, 0...3600)
        },
        Setting(
            "drain-seconds", "how long open requests may take after a stop signal", "10"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.drainSeconds = try Self.integer(text, 0...3600)
        },
        Setting(
            "table-transition-milliseconds", "how long tables are CREATING, UPDATING and DELETING", "0"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.tableTransitionMilliseconds = try Self.integer(text, 0...3_600_000)
        },
        Setting(
            "ttl-sweep-seconds", "pause between two looks for items whose time to live is over", "60"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.ttlSweepSeconds = try Self.decimal(text, 0.1...86_400)
        },
        Setting(
            "stream-shard-seconds", "how long a shard of a DynamoDB stream takes changes", "14400"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.streamShardSeconds = try Self.integer(text, 1...86_400)
        },
    ]

    init(
        _ name: String,
        _ summary: String,
        _ standard: String,
        isPath: Bool = false,
        apply: @escaping @Sendable (String, inout Configuration) throws(ConfigurationError) -> Void
    ) {
        self.name = name
        self.summary = summary
        self.standard = standard
        self.isPath = isPath
        self.apply = apply
    }

    private static func integer(_ text: String, _ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw ConfigurationError("takes a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func decimal(_ text: String, _ range: ClosedRange<Double>) throws(ConfigurationError) -> Double {
        guard let value = Double(text), range.contains(value) else {
            throw ConfigurationError("takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func truth(_ text: String) throws(ConfigurationError) -> Bool {
        switch text.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default: throw ConfigurationError("takes true or false")
        }
    }

    private static func nonEmpty(_ text: String) throws(ConfigurationError) -> String {
        guard !text.isEmpty, !text.utf8.contains(0) else { throw ConfigurationError("takes a text") }
        return text
    }

    private static func list(_ text: String) throws(ConfigurationError) -> [String] {
        let parts = text.split(separator: ",").map { part in
            // Words of a name stay together; the spaces around it go.
            part.split(separator: " ").joined(separator: " ")
        }.filter { !$0.isEmpty }
        guard !parts.isEmpty else {
            throw ConfigurationError("takes one name or several, separated by commas")
        }
        return parts
    }

    /// `pattern=model`, separated by commas.
    private static func aliases(_ text: String) throws(ConfigurationError) -> [ModelCatalog.Alias] {
        var aliases: [ModelCatalog.Alias] = []
        for entry in try Self.list(text) {
            let parts = entry.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw ConfigurationError("takes pattern=model, separated by commas")
            }
            guard ModelCatalog().has(parts[1]) else {
                throw ConfigurationError("names the model \(parts[1]), and the only one here is brume.echo")
            }
            aliases.append(.init(pattern: parts[0], model: parts[1]))
        }
        return aliases
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ text: String
    ) throws(ConfigurationError) -> Choice {
        guard let choice = Choice(rawValue: text) else {
            throw ConfigurationError("takes one of: " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }
}
