internal import Inference
package import KeyValue
internal import Primitives
package import ServiceModel

/// What the server prints at its start: where it listens, what it serves, and what it enforces.
package enum StartLines {
    package static func lines(
        _ configuration: Configuration, port: Int, internalPort: Int? = nil, services: [ServiceSchema],
        madeKey: KeyDescription?, program: String = "brume", storeHealth: StoreHealth? = nil
    ) -> [BrumeServer.StartLine] {
        let scheme = configuration.allowsPlaintext ? "http and https" : "https"
        let names = services.map { service in
            "\(service.id) (\(service.operations.count) of \(service.operationNames.count) operations)"
        }
        let hosts = configuration.hosts.joined(separator: ", ")
        var lines: [BrumeServer.StartLine] = [
            .init(text: "brume \(BuildInformation.version)"),
            .init(text: "endpoint     \(configuration.clientHost):\(port), \(scheme), listening on \(hosts)"),
            .init(text: "data         \(configuration.dataDirectory)"),
        ]
        if configuration.cluster.runs(.dynamodb) {
            let place = configuration.store.map(StoreAddress.withoutPassword) ?? "in the data directory"
            lines.append(.init(text: "store        \(place)"))
            if case .readOnly(let reason)? = storeHealth {
                lines.append(.init(text: "store        TAKES NO WRITES: \(reason)", isWarning: true))
            }
        }
        lines.append(.init(text: "services     \(names.isEmpty ? "none" : names.joined(separator: ", "))"))
        lines += self.cluster(configuration.cluster, internalPort: internalPort)
        if configuration.acceptsAnyCredentials {
            lines.append(
                .init(
                    text:
                        "signatures   NOT VERIFIED: --insecure-accept-any-credentials is on; anyone who reaches this "
                        + "port can act as any user",
                    isWarning: true
                )
            )
        } else {
            lines.append(.init(text: "signatures   verified (SigV4); every request needs a key of this server"))
        }
        lines.append(
            .init(
                text: "permissions  a key may do everything in its account, unless policies of its user or of a table "
                    + "restrict it")
        )
        if configuration.cluster.runs(.dynamodb) { lines.append(self.durability(configuration)) }
        if configuration.compatibility == .localstack {
            lines.append(
                .init(
                    text:
                        "compat       localstack: key test/test and twelve-digit account keys, from this machine only "
                        + "unless you made the key test"
                        + (configuration.isThrottling ? "" : "; no table's throughput is enforced"),
                    isWarning: true
                )
            )
        }
        if configuration.cluster.runs(.bedrock) {
            lines.append(self.engine(configuration))
            lines += self.missingModels(configuration)
        }
        let words = "\(ShellWord.quoted(program)) env --data-dir \(ShellWord.quoted(configuration.dataDirectory))"
        if let madeKey {
            lines.append(.init(text: "root key     \(madeKey.accessKeyID) created; show its secret with: \(words)"))
        }
        // Otherwise the process that owns the keys prints them.
        if configuration.cluster.identityURL == nil {
            lines.append(.init(text: "next         eval \"$(\(words))\""))
        }
        // Testcontainers and scripts wait for this line of LocalStack's.
        if configuration.compatibility == .localstack { lines.append(.init(text: "Ready.")) }
        return lines
    }

    private static func cluster(
        _ configuration: ClusterConfiguration, internalPort: Int?
    ) -> [BrumeServer.StartLine] {
        var lines: [BrumeServer.StartLine] = []
        for role in Role.allCases {
            guard let places = configuration.upstreams[role] else { continue }
            lines.append(.init(text: "upstream     \(role.rawValue) at \(places.joined(separator: ", "))"))
        }
        if let internalPort, let address = configuration.internalListen {
            let isMutual = configuration.tlsAuthority != nil
            lines.append(
                .init(
                    text: "internal     \(address.host):\(internalPort), "
                        + (isMutual ? "https with mutual TLS" : "plain http, only for a private network")))
        }
        if let url = configuration.identityURL { lines.append(.init(text: "keys         from \(url)")) }
        if let sentence = configuration.idleSentence {
            lines.append(.init(text: "cluster      \(sentence)", isWarning: true))
        }
        return lines
    }

    /// What is known of the engine without running it, which would delay the start.
    private static func engine(_ configuration: Configuration) -> BrumeServer.StartLine {
        guard let program = ModelEngines.program(configuration) else {
            return .init(text: "engine       none: only the built-in model brume.echo runs here (see: brume doctor)")
        }
        // A name without a slash is looked for on PATH when it is started.
        guard program.isThere else {
            return .init(
                text: "engine       \(program.path), \(program.origin.sentence), IS NOT THERE or not executable: no "
                    + "model but brume.echo runs here (see: brume doctor)",
                isWarning: true)
        }
        return .init(text: "engine       \(program.path), \(program.origin.sentence)")
    }

    /// Models whose file is missing. The server starts without them: the file may still arrive, and the other services
    /// do not depend on it.
    private static func missingModels(_ configuration: Configuration) -> [BrumeServer.StartLine] {
        configuration.bedrockModels.compactMap { model in
            guard model.place.hasPrefix("/"), Files.facts(model.place)?.isDirectory ?? true else { return nil }
            return .init(
                text: "model        \(model.name) HAS NO FILE: \(model.place) is not there, so requests for it fail. "
                    + "Put the file there, or correct bedrock-models and restart",
                isWarning: true)
        }
    }

    /// A warning that follows a moment after the start, once the engine was asked about cards.
    /// - Returns: nil if all is well.
    static func cards(
        _ facts: EngineFacts?, cards: [String], profile: DeviceProfile?
    ) -> BrumeServer.StartLine? {
        guard let facts else { return nil }
        if let sentence = facts.unusedCards(cards) {
            return .init(text: "engine       \(sentence): \(EngineFacts.cardRemedy)", isWarning: true)
        }
        guard let profile, profile.memoryBytes > 0, facts.devices?.isEmpty ?? true else { return nil }
        return .init(
            text: "engine       has no GPU: models planned for \(profile.name) run on the processor",
            isWarning: true)
    }

    private static func durability(_ configuration: Configuration) -> BrumeServer.StartLine {
        if configuration.store != nil {
            return .init(text: "durability   writes are answered once PostgreSQL has them on disk")
        }
        return configuration.durability == .durable
            ? .init(text: "durability   writes are answered once they are on disk")
            : .init(
                text: "durability   RELAXED: writes survive a crash, but a power cut may lose the last seconds",
                isWarning: true
            )
    }
}
