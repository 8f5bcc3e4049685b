internal import Upstream

extension Setting {
    /// The roles of this process, and the nodes of the others.
    package static let roles: [Setting] = [
        Setting(
            "services", "services that this process runs: dynamodb, bedrock, sts, or none", "all without an upstream",
            join: Self.commas
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.roles = try Self.roles(text)
        },
        Setting(
            "upstream",
            "services of other processes, and their nodes: dynamodb=http://node:4567, or dns:, srv:, file:, docker:",
            "none", join: Self.services
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.upstreams = try Self.upstreams(text)
        },
        Setting(
            "upstream-requests-max", "requests in flight to one node of an upstream", "1024"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.upstreamRequestsMax = try Self.integer(text, 1...65_536)
        },
        Setting(
            "upstream-connect-seconds", "timeout for connecting to a node", "2"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.upstreamConnect = try Self.seconds(text, .connect, 0.01...3600)
        },
        Setting(
            "upstream-first-byte-seconds", "timeout for the start of a node's answer; 0: none",
            "60,bedrock=600"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.upstreamFirstByte = try Self.seconds(text, .firstByte, 0...86_400)
        },
        Setting(
            "upstream-idle-seconds", "timeout between two parts of a node's answer; 0: none", "300"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.upstreamIdle = try Self.seconds(text, .idle, 0...86_400)
        },
        Setting(
            "upstream-total-seconds", "timeout for a node's whole answer; 0: none", "600,bedrock=0"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.upstreamTotal = try Self.seconds(text, .total, 0...86_400)
        },
        Setting(
            "cluster-key-file", "file of the key that the processes of a cluster share", "none", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.keyFile = try Self.nonEmpty(text)
        },
        Setting(
            "internal-listen", "address to accept requests of gateways on, as host:port", "none"
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.internalListen = try Self.address(listening: text)
        },
        Setting(
            "identity-url", "process to take the access keys from, such as http://gateway:4567", "its own keys"
        ) { (text, configuration) throws(ConfigurationError) in
            guard UpstreamEndpoint(text) != nil else {
                throw ConfigurationError("takes an address such as http://gateway:4567")
            }
            configuration.cluster.identityURL = text
        },
        Setting(
            "internal-tls-cert", "certificate chain for connections within a cluster (PEM)", "none", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.tlsCertificate = try Self.nonEmpty(text)
        },
        Setting(
            "internal-tls-key", "private key of internal-tls-cert (PEM)", "none", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.tlsKey = try Self.nonEmpty(text)
        },
        Setting(
            "internal-tls-ca", "authority that must have signed every process's certificate (PEM)", "none", isPath: true
        ) { (text, configuration) throws(ConfigurationError) in
            configuration.cluster.tlsAuthority = try Self.nonEmpty(text)
        },
    ]

    private static func roles(_ text: String) throws(ConfigurationError) -> Set<Role> {
        if text == "none" { return [] }
        if text == "all" { return Set(Role.allCases) }
        var roles: Set<Role> = []
        for name in try Self.list(text) {
            guard name != "all", name != "none" else {
                throw ConfigurationError("takes all or none alone, without other names")
            }
            roles.insert(try Self.role(name))
        }
        return roles
    }

    private static func role(_ name: String) throws(ConfigurationError) -> Role {
        guard let role = Role(name: name) else {
            throw ConfigurationError(
                "takes names of services: " + Role.allCases.map(\.rawValue).joined(separator: ", ")
                    + "; \(name) is none of them")
        }
        return role
    }

    /// The maximum number of places for one service.
    private static let placeCountMax = 64

    /// `service=place`, separated by commas. A service with several places is named as often, or once before all of
    /// them; only addresses may be several.
    private static func upstreams(_ text: String) throws(ConfigurationError) -> [Role: [String]] {
        var upstreams: [Role: [String]] = [:]
        var last: Role?
        for entry in try Self.list(text) {
            let role: Role
            let text: String
            if let last, entry.hasPrefix("http://") || entry.hasPrefix("https://") {
                (role, text) = (last, entry)
            } else {
                guard let equals = entry.firstIndex(of: "="), equals > entry.startIndex else {
                    throw ConfigurationError("takes service=http://node:4567, separated by commas")
                }
                role = try Self.role(String(entry[..<equals]))
                text = String(entry[entry.index(after: equals)...])
            }
            last = role
            guard let place = NodePlace(text) else {
                throw ConfigurationError(
                    "takes an address for \(role.rawValue), and not \(text): \(NodePlace.forms)")
            }
            let places = upstreams[role, default: []]
            guard places.count < Self.placeCountMax, !places.contains(text) else {
                throw ConfigurationError("names \(text) twice, or too many places of \(role.rawValue)")
            }
            guard places.isEmpty || place.isEndpoint && NodePlace(places[0])?.isEndpoint == true else {
                throw ConfigurationError(
                    "names \(text) beside others: only addresses of \(role.rawValue) may be several")
            }
            upstreams[role] = places + [text]
        }
        return upstreams
    }

    private static let services: Join = { (texts) throws(ConfigurationError) in try Self.joinedUpstreams(texts) }

    /// Of flags each of which names services of its own: one that two of them name is more likely a mistake than a
    /// second node.
    private static func joinedUpstreams(_ texts: [String]) throws(ConfigurationError) -> String {
        var named: Set<Role> = []
        for text in texts {
            for role in try self.upstreams(text).keys.sorted(by: { $0.rawValue < $1.rawValue }) {
                guard named.insert(role).inserted else {
                    throw ConfigurationError(
                        "is given twice for \(role.rawValue): name all of its nodes in one, as "
                            + "\(role.rawValue)=http://a:4567,http://b:4567")
                }
            }
        }
        return texts.joined(separator: ",")
    }

    /// Seconds for every service that has none of its own, and `service=seconds`, separated by commas. What is not said
    /// stays as `standard` has it.
    private static func seconds(
        _ text: String, _ standard: NodeSeconds, _ range: ClosedRange<Double>
    ) throws(ConfigurationError) -> NodeSeconds {
        var seconds = standard
        for entry in try Self.list(text) {
            if let equals = entry.firstIndex(of: "=") {
                let role = try Self.role(String(entry[..<equals]))
                seconds.named[role] = try Self.decimal(String(entry[entry.index(after: equals)...]), range)
            } else {
                seconds.others = try Self.decimal(entry, range)
            }
        }
        return seconds
    }

    private static func address(listening text: String) throws(ConfigurationError) -> ClusterConfiguration.Address {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw ConfigurationError("takes host:port, such as 0.0.0.0:4567") }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw ConfigurationError("takes host:port, such as 0.0.0.0:4567") }
        return ClusterConfiguration.Address(host: String(host), port: port)
    }
}
