internal import Primitives
internal import ServiceModel
package import Telemetry
internal import WireProtocols

/// Every service of this process, indexed by the ways in which a request can name it.
package final class ServiceCatalog: Sendable {
    package let services: [ServiceEntry]
    /// The services' routes besides their operations.
    let routes: [HTTPRouteEntry]
    /// By complete `X-Amz-Target` value; implemented operations only.
    private let operationByTarget: [String: (ServiceEntry, OperationEntry)]
    private let serviceByTargetPrefix: [String: ServiceEntry]
    private let servicesBySigningName: [String: [ServiceEntry]]
    /// The services whose operations accept bearer keys, which do not name a service.
    let servicesWithBearerKeys: [ServiceEntry]
    private let serviceByHostLabel: [String: ServiceEntry]

    package init(_ registrations: [RegisteredService], metrics: MetricRegistry) {
        let services = registrations.map { ServiceEntry($0, metrics: metrics) }
        self.services = services
        self.routes = services.flatMap { service in
            service.registration.routes.map { HTTPRouteEntry($0, of: service, metrics: metrics) }
        }
        var byTarget: [String: (ServiceEntry, OperationEntry)] = [:]
        var byPrefix: [String: ServiceEntry] = [:]
        for service in services {
            guard let prefix = service.schema.targetPrefix else { continue }
            byPrefix[prefix] = service
            for operation in service.operations {
                byTarget["\(prefix).\(operation.binding.schema.name)"] = (service, operation)
            }
        }
        self.operationByTarget = byTarget
        self.serviceByTargetPrefix = byPrefix
        self.servicesBySigningName = Dictionary(grouping: services, by: \.schema.signingName)
        self.servicesWithBearerKeys = services.filter(\.registration.takesBearerKeys)
        self.serviceByHostLabel = Dictionary(services.map { ($0.schema.endpointPrefix, $0) }) { first, _ in first }
    }

    /// The target that `X-Amz-Target` names; nil when no service has the prefix.
    func target(_ value: String) -> IdentifiedTarget? {
        if let (service, operation) = self.operationByTarget[value] { return .operation(service, operation) }
        guard let dot = value.utf8.lastIndex(of: UInt8(ascii: ".")),
            let service = self.serviceByTargetPrefix[String(value[..<dot])]
        else { return nil }
        return service.target(String(value[value.utf8.index(after: dot)...]))
    }

    /// The service with the shape name in an rpc-v2 path.
    func service(shapeName: String) -> ServiceEntry? {
        self.serviceByTargetPrefix[shapeName]
    }

    func services(signingName: String) -> [ServiceEntry] {
        self.servicesBySigningName[signingName] ?? []
    }

    /// The service of a host such as `dynamodb.us-east-1.localhost:4566`; the prefixes that SDKs put before it
    /// (`data-`, `sync-`, `stream-`) are accepted.
    func service(host: String) -> ServiceEntry? {
        // Rules out numeric addresses, and names without a dot, quickly.
        guard let first = host.utf8.first, !ASCII.isDigit(first), host.utf8.contains(UInt8(ascii: ".")) else {
            return nil
        }
        var rest = Substring(host.lowercased())
        for prefix in ["data-", "sync-", "stream-"] where rest.hasPrefix(prefix) {
            rest = rest.dropFirst(prefix.count)
        }
        let labels = rest.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        if labels.count > 2, let service = self.serviceByHostLabel["\(labels[0]).\(labels[1])"] { return service }
        return labels.count > 1 ? self.serviceByHostLabel[String(labels[0])] : nil
    }
}
