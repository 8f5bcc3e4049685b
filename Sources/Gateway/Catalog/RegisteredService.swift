package import ServiceKit
package import ServiceModel

/// A service as the gateway serves it: its binding and its limits.
package struct RegisteredService: Sendable {
    /// The format of a service's request ids.
    package enum RequestIDForm: Sendable {
        /// A UUID, as most services.
        case uuid
        /// 52 characters of base32, as DynamoDB.
        case long
    }

    package var binding: ServiceBinding
    package var requestIDForm: RequestIDForm
    /// The limit of a collected body in bytes, both before and after `Content-Encoding` is undone.
    package var bodyBytesMax: Int
    /// Requests in handlers at the same time.
    package var concurrencyMax: Int
    /// Requests that wait for a place; further ones get the throttling error.
    package var waitingCountMax: Int
    /// The error for requests beyond these limits.
    package var throttlingError: ServiceError
    /// The error while the service cannot be reached.
    package var unavailableError: ServiceError
    /// The error for a principal without permission, with the given sentence.
    package var accessDeniedError: @Sendable (_ message: String) -> ServiceError
    /// Whether the service evaluates users' policies itself, because conditions may depend on what only it knows.
    package var asksPoliciesItself: Bool
    /// Whether a request whose outcome is unknown may be sent again; nil: only if its operation is read-only.
    package var isRepeatable: Bool?
    /// The nodes that run the service; nil when this process does.
    package var nodes: (any ServiceNodes)?
    /// The service's routes besides its operations.
    package var routes: [HTTPRoute]
    /// Whether its operations accept bearer keys.
    package var takesBearerKeys: Bool
    /// Operations that report only the first constraint that an input violates; AWS's others report all.
    package var singleViolationOperations: Set<String>
    /// By operation, the member whose violation is reported alone, whatever else the input violates.
    package var foremostMembers: [String: String]
    /// By member, the service's own sentence for an unknown enumeration value; used when nothing else is wrong with the
    /// input.
    package var enumerationSentences: [String: String]

    package init(
        binding: ServiceBinding,
        requestIDForm: RequestIDForm = .uuid,
        bodyBytesMax: Int = 1 << 20,
        concurrencyMax: Int = 4096,
        waitingCountMax: Int = 4096,
        throttlingError: ServiceError = ServiceError(code: "ThrottlingException", message: "Rate exceeded"),
        unavailableError: ServiceError = RegisteredService.unavailable,
        accessDeniedError: @escaping @Sendable (String) -> ServiceError = {
            ServiceError(code: "AccessDeniedException", message: $0)
        },
        asksPoliciesItself: Bool = false,
        isRepeatable: Bool? = nil,
        nodes: (any ServiceNodes)? = nil,
        routes: [HTTPRoute] = [],
        takesBearerKeys: Bool = false,
        singleViolationOperations: Set<String> = [],
        foremostMembers: [String: String] = [:],
        enumerationSentences: [String: String] = [:]
    ) {
        self.binding = binding
        self.requestIDForm = requestIDForm
        self.bodyBytesMax = bodyBytesMax
        self.concurrencyMax = concurrencyMax
        self.waitingCountMax = waitingCountMax
        self.throttlingError = throttlingError
        self.unavailableError = unavailableError
        self.accessDeniedError = accessDeniedError
        self.asksPoliciesItself = asksPoliciesItself
        self.isRepeatable = isRepeatable
        self.nodes = nodes
        self.routes = routes
        self.takesBearerKeys = takesBearerKeys
        self.singleViolationOperations = singleViolationOperations
        self.foremostMembers = foremostMembers
        self.enumerationSentences = enumerationSentences
    }

    /// - Source: the common errors of AWS's API references, `ServiceUnavailable`.
    package static let unavailable = ServiceError(
        code: "ServiceUnavailable", status: 503,
        message: "The request has failed due to a temporary failure of the server.")
}
