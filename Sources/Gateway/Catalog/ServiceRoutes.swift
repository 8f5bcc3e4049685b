internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// The operations of REST services by method and raw path.
struct ServiceRoutes: Sendable {
    /// The route that a request matched.
    struct Match: Sendable {
        var target: IdentifiedTarget
        var wireProtocol: ProtocolName
        var labels: [PathLabel]
    }

    private struct Routes: Sendable {
        let service: ServiceEntry
        let wireProtocol: ProtocolName
        let table: RouteTable
    }

    private let routes: [Routes]

    init(_ catalog: ServiceCatalog) {
        self.routes = catalog.services.compactMap { service in
            let rest = service.schema.protocols.first { $0 == .restJson1 || $0 == .restXml }
            guard let rest else { return nil }
            let table = RouteTable(
                service.operations.map { operation in
                    let schema = operation.binding.schema
                    return RouteTable.Route(method: schema.method, template: URITemplate(schema.uri))
                }
            )
            return Routes(service: service, wireProtocol: rest, table: table)
        }
    }

    /// The route of a request among `services`. The caller has narrowed them by scope or host, because paths collide
    /// across services.
    func match(_ head: RequestHead, among services: [ServiceEntry]) -> Match? {
        for routes in self.routes where services.contains(where: { $0 === routes.service }) {
            guard let match = routes.table.match(head) else { continue }
            return Match(
                target: .operation(routes.service, routes.service.operations[match.index]),
                wireProtocol: routes.wireProtocol,
                labels: match.labels
            )
        }
        return nil
    }
}
