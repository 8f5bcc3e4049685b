internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Telemetry

/// A route of a service in the catalogue, with its own counters.
final class HTTPRouteEntry: Sendable {
    let service: ServiceEntry
    let route: HTTPRoute
    let counters: RequestCounters

    init(_ route: HTTPRoute, of service: ServiceEntry, metrics: MetricRegistry) {
        self.service = service
        self.route = route
        self.counters = RequestCounters(service: service.schema.id, operation: route.name, metrics: metrics)
    }
}

/// The routes that services have besides their operations, by method and path.
///
/// They are matched before anything that needs a credential scope, because bearer keys have none. A request whose
/// signature or host names another service does not match: paths of S3 may look like anything.
struct HTTPRoutes: Sendable {
    struct Match: Sendable {
        let entry: HTTPRouteEntry
        let labels: [String]
        /// Why the request is refused, whoever sent it.
        let fault: Fault?

        /// The headers of the answer to a wrong method: those that are allowed (RFC 9110, 15.5.6).
        var refusalHeaders: [HeaderFields.Field] {
            guard case .wrongMethod(let allowed)? = self.fault else { return [] }
            return [.init("Allow", allowed.joined(separator: ", "))]
        }
    }

    enum Fault: Sendable {
        /// The path has routes, but none with this method; `allowed` lists theirs.
        case wrongMethod(allowed: [String])
        /// The path is below an API's prefix, but has no route.
        case unknownPath
    }

    private let catalog: ServiceCatalog
    private let entries: [HTTPRouteEntry]
    /// The first segments of all paths, which rule out most other requests at once.
    private let firstSegments: Set<Substring>
    /// The routes without labels, by path, in order; nearly all requests are for one of them.
    private let whole: [String: [HTTPRouteEntry]]

    init(_ catalog: ServiceCatalog) {
        self.catalog = catalog
        self.entries = catalog.routes
        let whole = self.entries.filter { !$0.route.isUnknown && !$0.route.segments.contains(nil) }
        self.whole = Dictionary(grouping: whole) { "/" + $0.route.segments.compactMap { $0 }.joined(separator: "/") }
        self.firstSegments = Set(self.entries.compactMap { $0.route.segments.first.flatMap { $0 }.map { $0[...] } })
    }

    func match(_ head: RequestHead) -> Match? {
        guard head.path.utf8.count > 1, !self.entries.isEmpty else { return nil }
        if let entries = self.whole[head.path], !head.headers.contains("x-amz-target"),
            let entry = entries.first(where: { $0.route.method == head.method && self.mayServe($0, head) })
        {
            return Match(entry: entry, labels: [], fault: nil)
        }
        let first = head.path.dropFirst().prefix { $0 != "/" }
        guard self.firstSegments.contains(first), !head.headers.contains("x-amz-target") else { return nil }
        let segments = HTTPRoute.split(head.path)
        var others: [(entry: HTTPRouteEntry, labels: [String])] = []
        for entry in self.entries {
            guard let labels = Self.labels(segments, entry.route), self.mayServe(entry, head) else { continue }
            if entry.route.isUnknown {
                return Self.wrongMethod(others) ?? Match(entry: entry, labels: [], fault: .unknownPath)
            }
            guard entry.route.method != head.method else { return Match(entry: entry, labels: labels, fault: nil) }
            others.append((entry, labels))
        }
        return Self.wrongMethod(others)
    }

    /// - Parameter others: the routes that match the path, in order.
    /// - Returns: nil when there are none.
    private static func wrongMethod(_ others: [(entry: HTTPRouteEntry, labels: [String])]) -> Match? {
        guard let first = others.first else { return nil }
        return Match(
            entry: first.entry, labels: first.labels, fault: .wrongMethod(allowed: others.map(\.entry.route.method)))
    }

    private static func labels(_ segments: [Substring], _ route: HTTPRoute) -> [String]? {
        guard segments.count == route.segments.count || (route.isUnknown && segments.count > route.segments.count)
        else { return nil }
        var labels: [String] = []
        for (segment, wanted) in zip(segments, route.segments) {
            if let wanted {
                guard segment == wanted else { return nil }
            } else {
                guard !segment.isEmpty, let label = PercentEncoding.decodeText(segment) else { return nil }
                labels.append(label)
            }
        }
        return labels
    }

    private func mayServe(_ entry: HTTPRouteEntry, _ head: RequestHead) -> Bool {
        let carried = entry.route.carried
        guard carried.isEmpty || carried.contains(where: { head.headers.contains($0) }) else { return false }
        if let scope = Identify.scopeService(head), !entry.route.form.signingNames.contains(scope) { return false }
        if let host = head.headers.first("host"), let named = self.catalog.service(host: host) {
            return named === entry.service
        }
        return true
    }
}
