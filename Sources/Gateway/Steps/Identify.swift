internal import Primitives
internal import ServiceModel
internal import Signing
internal import WireProtocols

/// What a request is for, as far as its head tells.
enum IdentifiedTarget: Sendable {
    case operation(ServiceEntry, OperationEntry)
    /// An operation of the AWS service that is not implemented here.
    case notImplemented(ServiceEntry, String)
    /// An operation that the AWS service does not have.
    case unknownOperation(ServiceEntry, String)
    /// An operation of an awsJson 1.0 service, but a body of another media type.
    case unknownMediaType(ServiceEntry)
    /// awsQuery and ec2Query: an action, with a version other than the service's.
    case unknownVersion(ServiceEntry, action: String, version: String)
    /// awsQuery and ec2Query: the body names the operation.
    case form([ServiceEntry])
    /// The signature names an AWS service that this process does not serve.
    case unknownService(UnservedService)
    /// Nothing in the request names a service.
    case unidentified
}

/// A request whose service and protocol are identified but which is not authenticated. One object for the whole way.
final class IdentifiedRequest: Sendable {
    let head: RequestHead
    let target: IdentifiedTarget
    let wireProtocol: ProtocolName
    let labels: [PathLabel]

    init(head: RequestHead, target: IdentifiedTarget, wireProtocol: ProtocolName, labels: [PathLabel] = []) {
        self.head = head
        self.target = target
        self.wireProtocol = wireProtocol
        self.labels = labels
    }
}

/// Identifies the service, the operation and the protocol of a request, cheapest test first, without touching the body.
///
/// - Source: measured against botocore's requests of every service.
struct Identify: Sendable {
    let catalog: ServiceCatalog
    let routes: ServiceRoutes

    func callAsFunction(_ head: RequestHead) -> IdentifiedRequest {
        if let value = head.headers.first("smithy-protocol") { return self.rpc(value, head) }
        if let value = head.headers.first("x-amz-target") { return self.target(value, head) }
        return self.untargeted(head)
    }

    /// `Smithy-Protocol: rpc-v2-cbor`, path `/service/{Shape}/operation/{Op}`; a prefix may precede.
    private func rpc(_ value: String, _ head: RequestHead) -> IdentifiedRequest {
        let parts = head.path.split(separator: "/").suffix(4).map(String.init)
        guard value == "rpc-v2-cbor", parts.count == 4, parts[0] == "service", parts[2] == "operation",
            let service = self.catalog.service(shapeName: parts[1])
        else {
            return self.request(head, self.unserved(head), .rpcv2Cbor)
        }
        return IdentifiedRequest(head: head, target: service.target(parts[3]), wireProtocol: .rpcv2Cbor)
    }

    private func target(_ value: String, _ head: RequestHead) -> IdentifiedRequest {
        let target = self.catalog.target(value) ?? self.unserved(head)
        guard head.headers.first("content-type", beginsWith: "application/x-amz-json-1.0") else {
            return self.target(target, inOther: head)
        }
        return IdentifiedRequest(head: head, target: target, wireProtocol: .awsJson1_0)
    }

    /// A target with a media type other than awsJson 1.0's, or none: DynamoDB also accepts plain JSON, and nothing
    /// else.
    ///
    /// - Source: AWS's answer to `application/x-amz-json-1.1`, 404, in public issues of 2016 and 2026. Its answer to a
    ///   request without a type is not known.
    @inline(never)
    private func target(_ target: IdentifiedTarget, inOther head: RequestHead) -> IdentifiedRequest {
        let text = head.headers.first("content-type") ?? "application/json"
        let isVersion1 = text.lowercased().hasPrefix("application/x-amz-json-1.1")
        guard let service = target.service, service.schema.protocols.contains(.awsJson1_0),
            MediaType.essence(text) != "application/json"
        else {
            return self.request(head, target, isVersion1 ? .awsJson1_1 : .awsJson1_0)
        }
        return self.request(head, .unknownMediaType(service), .awsJson1_0)
    }

    /// The same for a request that a gateway has identified as one for `service`: its headers may no longer name it.
    func callAsFunction(_ head: RequestHead, of service: ServiceEntry) -> IdentifiedRequest {
        guard !head.headers.contains("smithy-protocol"), !head.headers.contains("x-amz-target") else {
            return self(head)
        }
        return self.untargeted(head, candidates: [service])
    }

    private func untargeted(_ head: RequestHead) -> IdentifiedRequest {
        let scope = Self.scopeService(head)
        var candidates = scope.map(self.catalog.services(signingName:)) ?? []
        if scope == nil, let authorization = head.headers.first("authorization"),
            BearerToken.text(inAuthorization: authorization) != nil
        {
            candidates = self.catalog.servicesWithBearerKeys
        }
        if candidates.isEmpty, scope == nil, let host = head.headers.first("host"),
            let service = self.catalog.service(host: host)
        {
            candidates = [service]
        }
        if let scope, candidates.isEmpty {
            let service = UnservedService(signingName: scope)
            return self.request(head, .unknownService(service), service.wireProtocol(head))
        }
        return self.untargeted(head, candidates: candidates)
    }

    private func untargeted(_ head: RequestHead, candidates: [ServiceEntry]) -> IdentifiedRequest {
        let pool = candidates.isEmpty ? self.catalog.services : candidates
        if let found = self.routes.match(head, among: pool) {
            return IdentifiedRequest(
                head: head,
                target: found.target,
                wireProtocol: found.wireProtocol,
                labels: found.labels
            )
        }
        let forms = pool.filter { $0.schema.protocols.contains(.awsQuery) || $0.schema.protocols.contains(.ec2Query) }
        if !forms.isEmpty, self.isForm(head) {
            let isEC2 = forms.allSatisfy { $0.schema.protocols.contains(.ec2Query) }
            return self.request(head, .form(forms), isEC2 ? .ec2Query : .awsQuery)
        }
        guard let service = candidates.first else { return self.request(head, .unidentified, .restJson1) }
        return self.request(head, .unknownOperation(service, ""), service.schema.protocols.first ?? .restJson1)
    }

    /// The target of a request whose `X-Amz-Target` no service here has: its signature may name another AWS service.
    private func unserved(_ head: RequestHead) -> IdentifiedTarget {
        guard let scope = Self.scopeService(head), self.catalog.services(signingName: scope).isEmpty else {
            return .unidentified
        }
        return .unknownService(UnservedService(signingName: scope))
    }

    private func request(
        _ head: RequestHead, _ target: IdentifiedTarget, _ wireProtocol: ProtocolName
    ) -> IdentifiedRequest {
        IdentifiedRequest(head: head, target: target, wireProtocol: wireProtocol)
    }

    private func isForm(_ head: RequestHead) -> Bool {
        if head.method == "GET" { return head.query.utf8.contains(UInt8(ascii: "=")) }
        // A presigned POST of boto3 has no other hint.
        guard let contentType = head.headers.first("content-type") else {
            return head.query.split(separator: "&").contains { $0.hasPrefix("Action=") }
        }
        return contentType.lowercased().hasPrefix("application/x-www-form-urlencoded")
    }

    /// The service in the credential scope of the `Authorization` header or of `X-Amz-Credential`.
    static func scopeService(_ head: RequestHead) -> String? {
        if let authorization = head.headers.first("authorization"), let credential = Self.credential(in: authorization)
        {
            return Self.service(inScope: credential)
        }
        for pair in head.query.split(separator: "&") where pair.hasPrefix("X-Amz-Credential=") {
            guard let value = PercentEncoding.decodeText(pair.dropFirst("X-Amz-Credential=".count)) else { return nil }
            return Self.service(inScope: value[...])
        }
        return nil
    }

    private static let credentialMark = Array("Credential=".utf8)

    /// The part after `Credential=`, up to a comma or a space. By bytes: the library's string search costs more than
    /// all the rest of identification.
    private static func credential(in authorization: String) -> Substring? {
        var rest = authorization.utf8[...]
        while let start = rest.firstIndex(of: Self.credentialMark[0]) {
            rest = rest[start...]
            if rest.starts(with: Self.credentialMark) {
                let comma = UInt8(ascii: ",")
                return Substring(rest.dropFirst(Self.credentialMark.count).prefix { $0 != comma && $0 != 0x20 })
            }
            rest = rest.dropFirst()
        }
        return nil
    }

    /// `<key>/<date>/<region>/<service>/aws4_request`; SigV4a's scope has no region.
    private static func service(inScope credential: Substring) -> String? {
        let parts = credential.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts.last == "aws4_request" else { return nil }
        return String(parts[parts.count - 2])
    }
}
