import ServiceModel

/// Builds run-time schemas from a case file's model.
///
/// The conversion of Smithy's language to JSON gave the traits of a declaration that follows an `apply` statement to
/// the applied shape. `routes` and `withRestoredTraits` put back what the cases depend on.
struct SmithyModel {
    let service: ServiceSchema
    private let shapes: [String: ShapeSchema]
    private let namespace: String

    init(_ file: CaseFile) {
        let content = file.content
        var builder = SmithyShapes(content)
        let id = content["service"]?["id"]?.string ?? ""
        self.namespace = String(id.prefix { $0 != "#" })
        let name = content["service"]?["name"]?.string ?? ""
        let protocolNames = (content["service"]?["protocols"]?.array ?? []).compactMap(\.string)
        let traits = content["service"]?["traits"]
        let routes = SmithyRoutes(content)
        var operations: [OperationSchema] = []
        for (operation, value) in (content["operations"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            let route = routes.route(of: operation)
            operations.append(
                OperationSchema(
                    name: operation,
                    input: builder.structure(value["input"]?.string),
                    output: builder.structure(value["output"]?.string),
                    errors: (value["errors"]?.array ?? []).compactMap(\.string).map { builder.structure($0) },
                    method: route.method,
                    uri: route.uri,
                    status: route.status,
                    resultWrapper: "\(operation)Result"
                ))
        }
        for item in content["responseCases"]?.array ?? [] {
            if let error = item["error"]?.string { _ = builder.structure(error) }
        }
        self.shapes = builder.shapes
        self.service = ServiceSchema(
            id: name,
            signingName: traits?["aws.auth#sigv4"]?["name"]?.string ?? name.lowercased(),
            endpointPrefix: name.lowercased(),
            targetPrefix: name,
            apiVersion: content["service"]?["version"]?.string ?? "",
            protocols: protocolNames.compactMap { ProtocolName(rawValue: String($0.drop { $0 != "#" }.dropFirst())) },
            isQueryCompatible: traits?["aws.protocols#awsQueryCompatible"] != nil,
            xmlNamespace: SmithyShapes.namespace(traits?["xmlNamespace"]),
            operations: operations,
            operationNames: operations.map(\.name)
        )
    }

    /// The namespace of the service's shapes, such as `aws.protocoltests.json10`.
    var errorNamespace: String { self.namespace }

    func operation(_ name: String) -> OperationSchema? {
        self.service.operations.first { $0.name == name }
    }

    func shape(_ id: String) -> ShapeSchema? { self.shapes[id] }
}

/// The HTTP bindings of a file's operations.
struct SmithyRoutes {
    struct Route {
        var method = "POST"
        var uri = "/"
        var status = 200
    }

    private var routes: [String: Route] = [:]

    init(_ content: CaseJSON) {
        var declared: [String: Route] = [:]
        for (name, operation) in content["operations"]?.object ?? [:] {
            guard let http = operation["traits"]?["http"] else { continue }
            declared[name] = Route(
                method: http["method"]?.string ?? "POST", uri: http["uri"]?.string ?? "/",
                status: http["code"]?.int ?? 200)
        }
        guard !declared.isEmpty else { return }
        var requests: [String: (method: String, path: String)] = [:]
        for item in (content["requestCases"]?.array ?? []) + (content["malformedRequestCases"]?.array ?? []) {
            guard let name = item["operation"]?.string else { continue }
            let request = item["request"] ?? item
            requests[name] = (request["method"]?.string ?? "", request["uri"]?.string ?? "")
        }
        for name in (content["operations"]?.object ?? [:]).keys {
            let own = declared[name]
            guard let request = requests[name] else {
                // A template that fits the requests of an operation without one is that operation's.
                let isForeign = own.map { own in
                    requests.contains { declared[$0.key] == nil && Self.fits(own, $0.value) }
                }
                self.routes[name] = isForeign == false ? own : Route(uri: "/\(name)")
                continue
            }
            if let own, Self.fits(own, request) {
                self.routes[name] = own
            } else if let other = declared.values.first(where: { Self.fits($0, request) }) {
                self.routes[name] = other
            } else {
                // No template is left of it, and only operations without labels lost theirs.
                self.routes[name] = Route(method: request.method, uri: request.path, status: own?.status ?? 200)
            }
        }
    }

    func route(of operation: String) -> Route { self.routes[operation] ?? Route() }

    /// Whether a template is one for the path: the same literals, labels anywhere.
    private static func fits(_ route: Route, _ request: (method: String, path: String)) -> Bool {
        let template = route.uri.prefix { $0 != "?" }.split(separator: "/")
        let path = request.path.prefix { $0 != "?" }.split(separator: "/")
        guard route.method == request.method else { return false }
        let isGreedy = route.uri.contains("+}")
        // S3's cases name the bucket in the host.
        if route.uri.hasPrefix("/{Bucket}") { return true }
        guard isGreedy ? path.count >= template.count : path.count == template.count else { return false }
        return isGreedy || zip(template, path).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}
