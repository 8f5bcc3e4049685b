package import ServiceModel

/// The `__type` of awsJson errors: which errors have a namespace, and which namespace.
package struct JSONErrorTypes: Sendable {
    /// Errors that AWS's service framework raises before the service sees the request.
    private static let frameworkNamespaces: [String: String] = [
        "AccessDeniedException": "com.amazon.coral.service",
        "ExpiredTokenException": "com.amazon.coral.service",
        "IncompleteSignatureException": "com.amazon.coral.service",
        "InternalFailure": "com.amazon.coral.service",
        "InvalidSignatureException": "com.amazon.coral.service",
        "MissingAuthenticationTokenException": "com.amazon.coral.service",
        "SerializationException": "com.amazon.coral.service",
        "ServiceUnavailableException": "com.amazon.coral.availability",
        "ThrottlingException": "com.amazon.coral.availability",
        "UnknownOperationException": "com.amazon.coral.service",
        "UnrecognizedClientException": "com.amazon.coral.service",
        "ValidationException": "com.amazon.coral.validate",
    ]

    /// Framework errors whose message member is `Message`, not `message`.
    private static let capitalised: Set<String> = ["AccessDeniedException", "SerializationException"]

    /// Namespaces by the service's directory in botocore, for services that do not follow the rule of `namespace(of:)`.
    private let namespaces: [String: String]

    package init(namespaces: [String: String] = ["sqs": "com.amazonaws.sqs"]) {
        self.namespaces = namespaces
    }

    /// The namespace of a service's own errors: `com.amazonaws.dynamodb.v20120810`.
    package func namespace(of service: ServiceSchema) -> String {
        self.namespaces[service.id]
            ?? "com.amazonaws.\(service.signingName).v\(String(service.apiVersion.filter { $0 != "-" }))"
    }

    /// The `__type`: qualified with a namespace in awsJson1.0, unqualified in awsJson1.1.
    package func type(
        of code: String, isModelled: Bool, in service: ServiceSchema?, protocol name: ProtocolName
    ) -> String {
        guard name == .awsJson1_0 else { return code }
        if !isModelled, let namespace = Self.frameworkNamespaces[code] { return "\(namespace)#\(code)" }
        return service.map { "\(self.namespace(of: $0))#\(code)" } ?? "com.amazon.coral.service#\(code)"
    }

    /// The name of the message member: from the model, if it models the error.
    package func messageName(of code: String, modelled schema: ShapeSchema?) -> String {
        let member = schema?.members.first { $0.name.lowercased() == "message" }
        if let member { return String(decoding: member.jsonNameUTF8, as: UTF8.self) }
        return Self.capitalised.contains(code) ? "Message" : "message"
    }
}
