package import Primitives
package import Upstream

/// Endpoints from the running containers with a label; polled every two seconds.
///
/// If the engine does not answer, the last endpoints are kept.
package struct ContainerDiscovery: DiscoveryProvider {
    package typealias Element = DiscoveryUpdate
    package typealias Failure = Never
    /// Connects to an engine; called again after each failure.
    package typealias Connection = @Sendable () async throws(ContainerEngineError) -> ContainerEngine

    /// Which containers to find, and the port on which they listen.
    package struct Selection: Sendable {
        /// Longest label with its value, in bytes.
        static let labelBytesMax = 1024

        /// `name`, or `name=value`.
        package var label: String
        package var port: Int
        /// The network whose addresses are used; nil takes the first network by name.
        package var network: String?

        /// Reads `label:port` or `label:port@network`.
        package init?(_ text: String) {
            let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
            let left = parts[0]
            guard let colon = left.lastIndex(of: ":"), let port = Int(left[left.index(after: colon)...]),
                (1...65_535).contains(port), !left[..<colon].isEmpty,
                left.utf8.count <= Self.labelBytesMax, left.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { return nil }
            self.label = String(left[..<colon])
            self.port = port
            if parts.count > 1 {
                guard !parts[1].isEmpty else { return nil }
                self.network = String(parts[1])
            }
        }
    }

    package static let interval = Duration.seconds(2)

    private let selection: Selection
    private let isTLS: Bool
    private let connect: Connection
    private let time: SteadyTime

    package init(
        _ selection: Selection, isTLS: Bool = false, time: SteadyTime = .system, connect: @escaping Connection
    ) {
        self.selection = selection
        self.isTLS = isTLS
        self.connect = connect
        self.time = time
    }

    package func makeAsyncIterator() -> DiscoveryPollIterator<Source> {
        DiscoveryPollIterator(Source(discovery: self), time: self.time)
    }

    /// The polled source; keeps its engine as long as that answers.
    package struct Source: DiscoverySource {
        private let discovery: ContainerDiscovery
        private var engine: ContainerEngine?

        fileprivate init(discovery: ContainerDiscovery) {
            self.discovery = discovery
        }

        package mutating func poll() async -> DiscoveryPollResult {
            DiscoveryPollResult(await self.ask(), lifetime: ContainerDiscovery.interval)
        }

        private mutating func ask() async -> DiscoveryUpdate {
            do throws(ContainerEngineError) {
                let engine: ContainerEngine
                if let known = self.engine { engine = known } else { engine = try await self.discovery.connect() }
                self.engine = engine
                let found = try await engine.running(label: self.discovery.selection.label)
                    .compactMap(self.discovery.endpoint)
                guard let set = EndpointSet(found) else {
                    return .failed("more than \(EndpointSet.countMax) containers have the label")
                }
                return .endpoints(set)
            } catch {
                // After an outage it may be another engine.
                self.engine = nil
                return .failed(error.sentence)
            }
        }
    }

    /// nil for a container without an address of its own, such as one on the host's network.
    private func endpoint(_ container: ContainerSummary) -> DiscoveredEndpoint? {
        let address =
            if let network = self.selection.network {
                container.addresses[network]
            } else {
                container.addresses.min { $0.key < $1.key }?.value
            }
        guard let address else { return nil }
        let endpoint = UpstreamEndpoint(
            address: .tcp(host: address, port: self.selection.port), isTLS: self.isTLS,
            name: self.isTLS ? container.name : nil)
        return DiscoveredEndpoint(endpoint, labels: ["container": container.name])
    }
}
