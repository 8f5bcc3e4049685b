/// A group of services that share their state, which one process runs as a whole.
package enum Role: String, Sendable, Hashable, CaseIterable {
    /// DynamoDB and its streams, which share one store.
    case dynamodb
    /// Bedrock and its models.
    case bedrock
    case sts

    /// The role of a service, by its own name or by one of the names that SDKs have for it.
    package init?(name: String) {
        switch name {
        case "dynamodb", "dynamodbstreams", "streams.dynamodb": self = .dynamodb
        case "bedrock", "bedrock-runtime": self = .bedrock
        case "sts": self = .sts
        default: return nil
        }
    }
}

/// Time limits for nodes, in seconds; 0 means none.
package struct NodeSeconds: Sendable, Equatable {
    /// For roles without a limit of their own.
    var others: Double
    var named: [Role: Double] = [:]

    package subscript(role: Role) -> Double { self.named[role] ?? self.others }

    static let connect = NodeSeconds(others: 2)
    /// A model may take minutes to load and to compute; other services answer in seconds or not at all.
    static let firstByte = NodeSeconds(others: 60, named: [.bedrock: 600])
    static let idle = NodeSeconds(others: 300)
    /// A stream of a model's answer has no natural limit.
    static let total = NodeSeconds(others: 600, named: [.bedrock: 0])
}

/// How a process shares its work with the others of its cluster.
package struct ClusterConfiguration: Sendable, Equatable {
    /// A host and a port to listen on.
    package struct Address: Sendable, Hashable {
        package var host: String
        package var port: Int
    }

    /// The roles that this process runs; nil: all that no other process runs.
    package var roles: Set<Role>?
    /// The processes that run other roles, or where to discover them.
    package var upstreams: [Role: [String]] = [:]
    /// Concurrent requests to one node.
    package var upstreamRequestsMax = 1024
    /// Seconds until a node accepts the connection.
    package var upstreamConnect = NodeSeconds.connect
    /// Seconds until a node's answer begins.
    package var upstreamFirstByte = NodeSeconds.firstByte
    /// Seconds without a byte in the middle of a node's answer.
    package var upstreamIdle = NodeSeconds.idle
    /// Seconds until a node's answer has ended.
    package var upstreamTotal = NodeSeconds.total
    /// The key that all processes share.
    package var keyFile: String?
    /// The address at which this process accepts requests from gateways.
    package var internalListen: Address?
    /// The certificate of this process for the cluster, and the authority of all such certificates; all three or none.
    package var tlsCertificate: String?
    package var tlsKey: String?
    package var tlsAuthority: String?
    /// The process that provides the access keys; nil: this process has its own.
    package var identityURL: String?

    package init() {}

    package func runs(_ role: Role) -> Bool {
        self.roles?.contains(role) ?? (self.upstreams[role] == nil)
    }

    /// Whether this process communicates with others at all.
    var isUsed: Bool {
        !self.upstreams.isEmpty || self.internalListen != nil || self.identityURL != nil
    }

    /// A sentence about settings that have no effect, because this process communicates with no other; nil if none.
    package var idleSentence: String? {
        guard !self.isUsed else { return nil }
        let idle = [self.keyFile == nil ? nil : "cluster-key-file", self.tlsAuthority.map { _ in "internal-tls-*" }]
            .compactMap(\.self)
        guard !idle.isEmpty else { return nil }
        return "\(idle.joined(separator: " and ")) HAS NO EFFECT: this process talks to no other. Set "
            + "internal-listen, upstream or identity-url, or leave it out"
    }

    /// Checks combinations of settings.
    func check() throws(ConfigurationError) {
        for role in Role.allCases where self.roles?.contains(role) == true && self.upstreams[role] != nil {
            throw ConfigurationError(
                "services and upstream both name \(role.rawValue), which runs either here or there")
        }
        guard !self.isUsed || self.keyFile != nil else {
            throw ConfigurationError(
                "upstream, internal-listen and identity-url need cluster-key-file; `brume keys cluster` creates one")
        }
        let files = [self.tlsCertificate, self.tlsKey, self.tlsAuthority]
        guard files.allSatisfy({ $0 == nil }) || files.allSatisfy({ $0 != nil }) else {
            throw ConfigurationError("internal-tls-cert, internal-tls-key and internal-tls-ca go together")
        }
    }
}
