/// A discovered endpoint with its attributes.
package struct DiscoveredEndpoint: Sendable, Equatable {
    /// The maximum of SRV records.
    package static let weightMax = 65_535

    package var endpoint: UpstreamEndpoint
    /// Its share of the load relative to the others, 1 to `weightMax`.
    package var weight: Int
    /// The lowest number is used first; others only when none of these is usable.
    package var priority: Int
    /// Further attributes from the provider.
    package var labels: [String: String]

    package init(_ endpoint: UpstreamEndpoint, weight: Int = 1, priority: Int = 0, labels: [String: String] = [:]) {
        self.endpoint = endpoint
        self.weight = min(max(weight, 1), Self.weightMax)
        self.priority = max(priority, 0)
        self.labels = labels
    }
}

/// The current endpoints, without duplicates and sorted by their text, so that equal sets compare equal.
package struct EndpointSet: Sendable, Equatable {
    /// The maximum, because health checks ask each endpoint.
    package static let countMax = 1024

    package let endpoints: [DiscoveredEndpoint]

    /// The first of several entries for one endpoint counts.
    /// - Returns: nil when there are more than `countMax`.
    package init?(_ endpoints: [DiscoveredEndpoint]) {
        guard endpoints.count <= Self.countMax else { return nil }
        let places = endpoints.map(\.endpoint.description)
        let order = places.indices.sorted { (places[$0], $0) < (places[$1], $1) }
        var kept: [DiscoveredEndpoint] = []
        var last: String?
        for index in order where places[index] != last {
            kept.append(endpoints[index])
            last = places[index]
        }
        self.endpoints = kept
    }
}

/// The result of one discovery.
package enum DiscoveryUpdate: Sendable, Equatable {
    /// These endpoints replace the previous ones.
    case endpoints(EndpointSet)
    /// Discovery failed, and the previous endpoints stay. A sentence for the operator.
    case failed(String)
}

/// Discovers endpoints: `for await update in provider`.
///
/// All work happens in the iterator's `next()`, which waits until something has changed. Without a reader a provider
/// does nothing. When the sequence ends, its last set stays in force.
package protocol DiscoveryProvider: AsyncSequence, Sendable where Element == DiscoveryUpdate, Failure == Never {}

/// A fixed set of endpoints.
package struct StaticDiscovery: DiscoveryProvider {
    package typealias Element = DiscoveryUpdate
    package typealias Failure = Never

    private let endpoints: EndpointSet

    package init(_ endpoints: EndpointSet) {
        self.endpoints = endpoints
    }

    package func makeAsyncIterator() -> Iterator { Iterator(endpoints: self.endpoints) }

    /// Yields the set once.
    package struct Iterator: AsyncIteratorProtocol, Sendable {
        fileprivate var endpoints: EndpointSet?

        package mutating func next() async -> DiscoveryUpdate? { self.endpoints.take().map { .endpoints($0) } }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> DiscoveryUpdate? {
            self.endpoints.take().map { .endpoints($0) }
        }
    }
}
