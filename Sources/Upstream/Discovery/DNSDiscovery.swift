package import Primitives

/// Endpoints from DNS, resolved again when the answer's lifetime is over.
///
/// Docker and Kubernetes (headless services) publish containers this way. If the name no longer exists, or no server
/// answers, the last endpoints are kept; those that no longer exist are excluded by their health.
package struct DNSDiscovery: DiscoveryProvider, DiscoverySource {
    package typealias Element = DiscoveryUpdate
    package typealias Failure = Never

    /// Which records to look up.
    package enum Kind: Sendable {
        /// A and AAAA records: every address, with this port.
        case addresses(port: Int)
        /// SRV records (RFC 2782): name, port, priority and weight of each.
        case services
    }

    /// Bounds for the lifetime of an answer, whatever its TTL: Docker states 600 s for containers that come and go.
    package static let lifetime = Duration.seconds(1)...Duration.seconds(30)
    /// The pause after a failed poll.
    package static let failureInterval = Duration.seconds(5)
    /// The most targets of SRV records that are resolved.
    static let targetCountMax = 64

    private let name: String
    private let kind: Kind
    private let isTLS: Bool
    private let settings: @Sendable () -> ResolverSettings
    private let transport: any DNSTransport
    private let random: any RandomSource
    private let time: SteadyTime

    /// `settings` is called before each poll, so that changes of `/etc/resolv.conf` take effect.
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

    package func makeAsyncIterator() -> DiscoveryPollIterator<DNSDiscovery> {
        DiscoveryPollIterator(self, time: self.time)
    }

    package func poll() async -> DiscoveryPollResult {
        let resolver = DNSResolver(settings: self.settings(), transport: self.transport, random: self.random)
        do throws(DNSError) {
            let (found, seconds) =
                switch self.kind {
                case .addresses(let port): try await self.addresses(resolver, self.name, port: port)
                case .services: try await self.services(resolver)
                }
            guard let set = EndpointSet(found) else {
                return DiscoveryPollResult(
                    .failed("\(self.name) has more than \(EndpointSet.countMax) endpoints"),
                    lifetime: Self.failureInterval)
            }
            let lifetime = Swift.min(
                Swift.max(Duration.seconds(Int(seconds)), Self.lifetime.lowerBound), Self.lifetime.upperBound)
            return DiscoveryPollResult(.endpoints(set), lifetime: lifetime)
        } catch {
            return DiscoveryPollResult(.failed(error.sentence), lifetime: Self.failureInterval)
        }
    }

    /// Every address of a name; one address family is enough.
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
                // A missing address family is not a failure if the other exists; a missing answer is.
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
        var failure: DNSError?
        for record in answer.records.prefix(Self.targetCountMax) {
            guard case .service(let priority, let weight, let port, let target) = record.data, port > 0,
                // The root as a target means that the service is decidedly not available. A target that is not a host
                // name must not get into a request.
                DNSName("\(target)") == target
            else { continue }
            let known = answer.additional.filter { $0.name == target }
            var (endpoints, lifetime) = (
                known.compactMap { self.endpoint($0.data, port: Int(port), name: "\(target)") },
                known.map(\.seconds).min() ?? .max
            )
            if endpoints.isEmpty {
                do throws(DNSError) {
                    (endpoints, lifetime) = try await self.addresses(resolver, "\(target).", port: Int(port))
                } catch {
                    // A target that is gone does not hide the others; one that nobody answers for may well be there.
                    if case .noAnswer = error { throw error }
                    failure = failure ?? error
                    continue
                }
            }
            seconds = Swift.min(seconds, lifetime)
            found += endpoints.map { DiscoveredEndpoint($0.endpoint, weight: Int(weight), priority: Int(priority)) }
        }
        if found.isEmpty, let failure { throw failure }
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
