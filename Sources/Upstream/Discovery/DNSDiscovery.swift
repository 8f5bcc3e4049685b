package import Primitives

/// The endpoints that the domain name system names, looked up again when what it said is over.
///
/// Docker and Kubernetes (headless services) name their containers so. Where a name is gone, or no server answers, the
/// last endpoints stay: those that are gone too are left out by their health.
package struct DNSDiscovery: DiscoveryProvider, DiscoverySource {
    package typealias Element = DiscoveryUpdate
    package typealias Failure = Never

    /// What is looked for.
    package enum Kind: Sendable {
        /// A and AAAA records: every address, with this port.
        case addresses(port: Int)
        /// SRV records (RFC 2782): name, port, priority and weight of each.
        case services
    }

    /// How long an answer holds at least and at most, whatever it says: Docker's say 600 s of containers that come and
    /// go.
    package static let lifetime = Duration.seconds(1)...Duration.seconds(30)
    /// Until the next look where the last one failed.
    package static let failureInterval = Duration.seconds(5)
    /// Targets of SRV records that are looked up.
    static let targetCountMax = 64

    private let name: String
    private let kind: Kind
    private let isTLS: Bool
    private let settings: @Sendable () -> ResolverSettings
    private let transport: any DNSTransport
    private let random: any RandomSource
    private let time: SteadyTime

    /// `settings` is asked before each look, so that a changed `/etc/resolv.conf` counts.
    package init(
        _ name: String, _ kind: Kind, isTLS: Bool = false,
        settings: @escaping @Sendable () -> ResolverSettings = ResolverSettings.ofThisMachine,
        transport: any DNSTransport = NetworkDNSTransport(), random: any RandomSource = SystemRandomSource(),
        time: SteadyTime = .system
    ) {
        self.name = name
        self.kind = kind
        self.isTLS = isTLS
        self.settings = settings
        self.transport = transport
        self.random = random
        self.time = time
    }

    package func makeAsyncIterator() -> DiscoveryLooks<DNSDiscovery> { DiscoveryLooks(self, time: self.time) }

    package func look() async -> (update: DiscoveryUpdate?, lifetime: Duration) {
        let resolver = DNSResolver(settings: self.settings(), transport: self.transport, random: self.random)
        do throws(DNSError) {
            let (found, seconds) =
                switch self.kind {
                case .addresses(let port): try await self.addresses(resolver, self.name, port: port)
                case .services: try await self.services(resolver)
                }
            guard let set = EndpointSet(found) else {
                return (.failed("\(self.name) has more than \(EndpointSet.countMax) endpoints"), Self.failureInterval)
            }
            let lifetime = Swift.min(
                Swift.max(Duration.seconds(Int(seconds)), Self.lifetime.lowerBound), Self.lifetime.upperBound)
            return (.endpoints(set), lifetime)
        } catch {
            return (.failed(error.sentence), Self.failureInterval)
        }
    }

    /// Every address of a name; one kind of addresses is enough.
    private func addresses(
        _ resolver: DNSResolver, _ name: String, port: Int
    ) async throws(DNSError) -> ([DiscoveredEndpoint], UInt32) {
        var found: [DiscoveredEndpoint] = []
        var seconds = UInt32.max
        var failure: DNSError?
        for type in [DNSRecordType.address, .address6] {
            do throws(DNSError) {
                let answer = try await resolver.find(name, type)
                found += answer.records.compactMap { self.endpoint($0.data, port: port, name: name) }
                seconds = Swift.min(seconds, answer.seconds)
            } catch {
                // That there is none of a kind is no failure beside the other kind; no answer is.
                if case .noAnswer = error { throw error }
                failure = failure ?? error
            }
        }
        if found.isEmpty, let failure { throw failure }
        return (found, seconds)
    }

    private func services(_ resolver: DNSResolver) async throws(DNSError) -> ([DiscoveredEndpoint], UInt32) {
        let answer = try await resolver.find(self.name, .service)
        var found: [DiscoveredEndpoint] = []
        var seconds = answer.seconds
        for record in answer.records.prefix(Self.targetCountMax) {
            guard case .service(let priority, let weight, let port, let target) = record.data, port > 0,
                // The root as a target says that there is decidedly no such service; and what is no name of hosts is
                // nothing to write into a request.
                DNSName("\(target)") == target
            else { continue }
            let known = answer.additional.filter { $0.name == target }
            var (endpoints, lifetime) = (
                known.compactMap { self.endpoint($0.data, port: Int(port), name: "\(target)") },
                known.map(\.seconds).min() ?? .max
            )
            if endpoints.isEmpty {
                (endpoints, lifetime) = try await self.addresses(resolver, "\(target).", port: Int(port))
            }
            seconds = Swift.min(seconds, lifetime)
            found += endpoints.map { DiscoveredEndpoint($0.endpoint, weight: Int(weight), priority: Int(priority)) }
        }
        return (found, seconds)
    }

    private func endpoint(_ data: DNSRecordData, port: Int, name: String) -> DiscoveredEndpoint? {
        switch data {
        case .address(let host), .address6(let host):
            let name = name.hasSuffix(".") ? String(name.dropLast()) : name
            return DiscoveredEndpoint(
                UpstreamEndpoint(address: .tcp(host: host, port: port), isTLS: self.isTLS, name: name))
        case .alias, .service: return nil
        }
    }
}
