internal import Primitives
internal import ServiceModel

/// Finds the operation of an awsQuery or ec2Query request: `Action` and `Version` in the body, or in a GET's query.
///
/// `Action` alone is ambiguous between services; with `Version` it is not.
struct ResolveForm: Sendable {
    func callAsFunction(_ request: IdentifiedRequest, body: [UInt8]) -> IdentifiedRequest {
        guard case .form(let services) = request.target else { return request }
        var resolved = request
        let pairs = request.head.method == "GET" ? Array(request.head.query.utf8) : body
        guard let action = Self.value(of: "Action", in: pairs) else {
            resolved.target = services.first.map { .unknownOperation($0, "") } ?? .unidentified
            return resolved
        }
        let version = Self.value(of: "Version", in: pairs)
        let service = services.first { $0.schema.apiVersion == version } ?? (services.count == 1 ? services[0] : nil)
        resolved.target = service?.target(action) ?? .unidentified
        if let service { resolved.wireProtocol = service.schema.protocols.first(where: Self.isForm) ?? .awsQuery }
        return resolved
    }

    private static func isForm(_ name: ProtocolName) -> Bool {
        name == .awsQuery || name == .ec2Query
    }

    /// The decoded value of the first pair of that name.
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
