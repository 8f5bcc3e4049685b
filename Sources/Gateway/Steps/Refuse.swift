internal import Primitives
internal import ServiceModel
internal import Telemetry

/// Errors for requests that name nothing that is served here, in AWS's words where it has some.
enum Refuse {
    /// - Returns: nil for a request for an implemented operation.
    static func error(for request: IdentifiedRequest) -> ServiceError? {
        if let error = self.controlOfOthers(request) { return error }
        switch request.target {
        case .operation:
            return nil
        case .notImplemented(let service, let name):
            service.unimplemented.increment()
            return self.unknownOperation(
                request,
                "\(name) of \(service.schema.id) is not implemented in this version of Brume."
            )
        case .unknownOperation(let service, let name):
            return self.unknownOperation(request, self.sentence(request, service, name))
        case .unknownMediaType:
            // DEVIATION: AWS answers with an HTML page, "Page Not Found".
            return ServiceError(code: "UnknownOperationException", status: 404, message: "")
        case .unknownVersion(_, let action, let version):
            return self.unknownOperation(request, self.notFound(action, version: version))
        case .form, .unidentified:
            guard request.head.headers.contains("x-amz-target") || request.wireProtocol == .rpcv2Cbor else {
                return ServiceError(
                    code: "MissingAuthenticationToken",
                    status: 403,
                    message: "Missing Authentication Token: nothing in this request names a service. A request of an "
                        + "AWS SDK names one in its signature."
                )
            }
            return ServiceError(code: "UnknownOperationException", status: 400, message: "")
        case .unknownService(let service):
            return ServiceError(
                code: "NotImplemented",
                status: 501,
                message: "The service \(service.signingName) is not served by this Brume server."
            )
        }
    }

    /// The error for paths by which suites reset and control LocalStack and moto: none of them is about signatures.
    private static func controlOfOthers(_ request: IdentifiedRequest) -> ServiceError? {
        if case .operation = request.target { return nil }
        let path = request.head.path
        guard ["/_localstack/", "/_aws/", "/moto-api/"].contains(where: path.hasPrefix) else { return nil }
        return ServiceError(
            code: "NotImplemented",
            status: 501,
            message: "\(request.head.method) \(self.cut(path)) is not served here. `brume start --compat localstack` "
                + "serves LocalStack's health, info and init. To begin without tables, start a server with an empty "
                + "--data-dir, or use a key of another account."
        )
    }

    /// The sentence for an operation that the service does not have, or a path without an operation.
    private static func sentence(_ request: IdentifiedRequest, _ service: ServiceEntry, _ name: String) -> String {
        switch request.wireProtocol {
        case .awsQuery, .ec2Query:
            return self.notFound(name, version: service.schema.apiVersion)
        case .restJson1, .restXml:
            let place = "\(request.head.method) \(Self.cut(request.head.path))"
            return "\(place) is no operation of \(service.schema.id) that this version of Brume implements."
        case .awsJson1_0, .awsJson1_1, .rpcv2Cbor:
            return name.isEmpty ? "" : "The requested operation \(Self.cut(name)) is not recognized by the service."
        }
    }

    /// - Source: answers of SES, RDS and STS in public issues, also about versions of other services.
    private static func notFound(_ action: String, version: String) -> String {
        "Could not find operation \(Self.cut(action)) for version \(Self.cut(version))"
    }

    /// The longest name or version that a message repeats, in bytes; AWS's own are shorter.
    private static let namedBytesMax = 256

    private static func cut(_ text: String) -> String {
        text.utf8.count <= self.namedBytesMax ? text : String(text.unicodeScalars.prefix(self.namedBytesMax))
    }

    /// awsQuery: `InvalidAction`, 400. awsJson, REST and CBOR: `UnknownOperationException`; CBOR with 404.
    private static func unknownOperation(_ request: IdentifiedRequest, _ sentence: String) -> ServiceError {
        switch request.wireProtocol {
        case .awsQuery, .ec2Query:
            ServiceError(code: "InvalidAction", status: 400, message: sentence)
        case .restJson1, .restXml, .rpcv2Cbor:
            ServiceError(code: "UnknownOperationException", status: 404, message: sentence)
        case .awsJson1_0, .awsJson1_1:
            ServiceError(code: "UnknownOperationException", status: 400, message: sentence)
        }
    }
}
