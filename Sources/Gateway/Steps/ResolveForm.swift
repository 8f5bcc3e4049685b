internal import Primitives
internal import ServiceModel

/// Finds the operation of an awsQuery or ec2Query request: `Action` and `Version` are in the body or in the query. A
/// POST may have them in the query too, because boto3 presigns a POST by default.
///
/// `Action` alone is ambiguous between services; with `Version` it is not. A service has one version, and refuses
/// others.
struct ResolveForm: Sendable {
    func callAsFunction(_ request: IdentifiedRequest, body: [UInt8]) -> IdentifiedRequest {
        guard case .form(let services) = request.target else { return request }
        let (target, wireProtocol) = self.target(request, services, body)
        return IdentifiedRequest(
            head: request.head, target: target, wireProtocol: wireProtocol ?? request.wireProtocol,
            labels: request.labels)
    }

    /// - Returns: nil as the protocol when the assumed one is right.
    private func target(
        _ request: IdentifiedRequest, _ services: [ServiceEntry], _ body: [UInt8]
    ) -> (IdentifiedTarget, ProtocolName?) {
        let query = Array(request.head.query.utf8)
        let isInQuery = request.head.method == "GET" || Self.value(of: "Action", in: body) == nil
        let pairs = isInQuery ? query : body
        guard let action = Self.value(of: "Action", in: pairs) else {
            return (services.first.map { .unknownOperation($0, "") } ?? .unidentified, nil)
        }
        let version = Self.value(of: "Version", in: pairs)
        if let service = services.first(where: { $0.schema.apiVersion == version }) {
            return (service.target(action), Self.wireProtocol(of: service))
        }
        if let service = services.first,
            services.allSatisfy({ $0.schema.signingName == service.schema.signingName })
        {
            let target = IdentifiedTarget.unknownVersion(
                service, action: action, version: version ?? Self.noVersion)
            return (target, Self.wireProtocol(of: service))
        }
        return (.unidentified, nil)
    }

    /// The version in AWS's sentence for a request without one.
    private static let noVersion = "NO_VERSION_SPECIFIED"

    private static func wireProtocol(of service: ServiceEntry) -> ProtocolName {
        service.schema.protocols.first(where: self.isForm) ?? .awsQuery
    }

    private static func isForm(_ name: ProtocolName) -> Bool {
        name == .awsQuery || name == .ec2Query
    }

    /// The decoded value of the first pair with that name.
    static func value(of name: String, in pairs: [UInt8]) -> String? {
        let prefix = Array((name + "=").utf8)
        for pair in pairs.split(separator: UInt8(ascii: "&")) where pair.starts(with: prefix) {
            guard let bytes = PercentEncoding.decode(pair.dropFirst(prefix.count), plusIsSpace: true) else {
                return nil
            }
            return String(validating: bytes, as: UTF8.self)
        }
        return nil
    }
}
