/// An endpoint that was found, and what is known of it.
package struct DiscoveredEndpoint: Sendable, Equatable {
    /// As SRV records have it.
    package static let weightMax = 65_535

    package var endpoint: UpstreamEndpoint
    /// Its share of the work beside the others, 1 to `weightMax`.
    package var weight: Int
    /// Those with the lowest number are asked first; others only where none of these can be.
    package var priority: Int
    /// What else the provider knows.
    package var labels: [String: String]

    package init(_ endpoint: UpstreamEndpoint, weight: Int = 1, priority: Int = 0, labels: [String: String] = [:]) {
        self.endpoint = endpoint
        self.weight = min(max(weight, 1), Self.weightMax)
        self.priority = max(priority, 0)
        self.labels = labels
    }
}

/// The endpoints that there are now: each once, in the order of their notation, so that two sets of the same are equal.
package struct EndpointSet: Sendable, Equatable {
    /// More are not taken: health checks ask each of them.
    package static let countMax = 1024

    package let endpoints: [DiscoveredEndpoint]

    /// Of those that stand there more than once the first counts.
    /// - Returns: nil where there are more than `countMax`.
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

/// What a provider found out.
package enum DiscoveryUpdate: Sendable, Equatable {
    /// The endpoints are these, in place of the last ones.
    case endpoints(EndpointSet)
    /// They could not be found out; the last ones stay. A sentence for the operator.
    case failed(String)
}

/// Finds out which endpoints there are: `for await update in provider`.
///
/// The work is done in the iterator's `next()`: it waits until something has changed. A provider whose reader is gone
/// does nothing. A sequence that ends has no more to say, and its last set stays.
package protocol DiscoveryProvider: AsyncSequence, Sendable where Element == DiscoveryUpdate, Failure == Never {}

/// Endpoints that are known from the beginning.
package struct StaticDiscovery: DiscoveryProvider {
    package typealias Element = DiscoveryUpdate
    package typealias Failure = Never

    private let endpoints: EndpointSet

    package init(_ endpoints: EndpointSet) {
        self.endpoints = endpoints
    }

    package func makeAsyncIterator() -> Iterator { Iterator(endpoints: self.endpoints) }

    /// Gives the set once.
    package struct Iterator: AsyncIteratorProtocol, Sendable {
        fileprivate var endpoints: EndpointSet?

        package mutating func next() async -> DiscoveryUpdate? { self.endpoints.take().map { .endpoints($0) } }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> DiscoveryUpdate? {
            self.endpoints.take().map { .endpoints($0) }
        }
    }
}
