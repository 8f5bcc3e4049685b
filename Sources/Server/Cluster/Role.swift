/// What one process can take on by itself: services that share their state.
package enum Role: String, Sendable, Hashable, CaseIterable {
    /// Tables and their streams, which live in one store.
    case dynamodb
    /// Models.
    case bedrock
    case sts

    /// The role of a service by its own name, or by the names that SDKs know it by.
    package init?(name: String) {
        switch name {
        case "dynamodb", "dynamodbstreams", "streams.dynamodb": self = .dynamodb
        case "bedrock", "bedrock-runtime": self = .bedrock
        case "sts": self = .sts
        default: return nil
        }
    }
}

/// How long nodes may take, in seconds; 0 is without a bound.
package struct NodeSeconds: Sendable, Equatable {
    /// Of roles that have no time of their own.
    var others: Double
    var named: [Role: Double] = [:]

    package subscript(role: Role) -> Double { self.named[role] ?? self.others }

    static let connect = NodeSeconds(others: 2)
    /// A model may take minutes to load and to compute; everything else answers in seconds or not at all.
    static let firstByte = NodeSeconds(others: 60, named: [.bedrock: 600])
    static let idle = NodeSeconds(others: 300)
    /// A stream of a model's words is as long as it is.
    static let total = NodeSeconds(others: 600, named: [.bedrock: 0])
}

/// How a process shares its work with others.
package struct ClusterConfiguration: Sendable, Equatable {
    /// A host and a port to listen on.
    package struct Address: Sendable, Hashable {
        package var host: String
        package var port: Int
    }

    /// The roles that this process takes; nil: every one that is nobody else's.
    package var roles: Set<Role>?
    /// Where other processes take roles: addresses, or where they are found.
    package var upstreams: [Role: [String]] = [:]
    /// Requests at a time to one of them.
    package var upstreamRequestsMax = 1024
    /// Until one of them has accepted a connection.
    package var upstreamConnect = NodeSeconds.connect
    /// Until its answer begins.
    package var upstreamFirstByte = NodeSeconds.firstByte
    /// Of silence within its answer.
    package var upstreamIdle = NodeSeconds.idle
    /// Until its answer is over.
    package var upstreamTotal = NodeSeconds.total
    /// The key that all processes share.
    package var keyFile: String?
    /// Where requests of gateways are taken.
    package var internalListen: Address?
    /// The certificate of this process among the others, and the authority that all of theirs have; all or none.
    package var tlsCertificate: String?
    package var tlsKey: String?
    package var tlsAuthority: String?
    /// The process whose access keys are this one's.
    package var identityURL: String?

    package init() {}

    package func runs(_ role: Role) -> Bool {
        self.roles?.contains(role) ?? (self.upstreams[role] == nil)
    }

    /// Whether this process speaks with others at all.
    var isUsed: Bool {
        !self.upstreams.isEmpty || self.internalListen != nil || self.identityURL != nil
    }

    /// What was set and does nothing, since this process speaks with no other one; a sentence, or nil.
    package var idleSentence: String? {
        guard !self.isUsed else { return nil }
        let idle = [self.keyFile == nil ? nil : "cluster-key-file", self.tlsAuthority.map { _ in "internal-tls-*" }]
            .compactMap(\.self)
        guard !idle.isEmpty else { return nil }
        return "\(idle.joined(separator: " and ")) HAS NO EFFECT: this process talks to no other. Set "
            + "internal-listen, upstream or identity-url, or leave it out"
    }

    /// What does not go together.
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
