package import ServiceKit
package import ServiceModel

/// A service as the gateway serves it: its binding and how much of the process it may take.
package struct RegisteredService: Sendable {
    /// How a service writes its request ids.
    package enum RequestIDForm: Sendable {
        /// A UUID, as most services.
        case uuid
        /// 52 characters of base32, as DynamoDB.
        case long
    }

    package var binding: ServiceBinding
    package var requestIDForm: RequestIDForm
    /// Bytes of a collected body, before and after `Content-Encoding` is undone.
    package var bodyBytesMax: Int
    /// Requests in a handler at once.
    package var concurrencyMax: Int
    /// Requests that wait for a place; beyond, the service's throttling error.
    package var waitingCountMax: Int
    /// The service's answer when it is asked too much.
    package var throttlingError: ServiceError
    /// The service's answer when it cannot be reached for now.
    package var unavailableError: ServiceError
    /// The service's answer to whoever may not do what a request asks, with that sentence.
    package var accessDeniedError: @Sendable (_ message: String) -> ServiceError
    /// Whether the service asks the policies of users itself, because they may look at what only it knows.
    package var asksPoliciesItself: Bool
    /// Whether a request may be sent again whose fate nobody knows; nil: where its operation only reads.
    package var isRepeatable: Bool?
    /// Where the service runs, if not in this process.
    package var nodes: (any ServiceNodes)?
    /// What the service answers beside its operations.
    package var routes: [HTTPRoute]
    /// Whether its operations take bearer keys.
    package var takesBearerKeys: Bool
    /// Operations that tell the first constraint an input breaks, where AWS's others tell all of them.
    package var singleViolationOperations: Set<String>
    /// By operation, the member that is told alone when it breaks a constraint, whatever else the input breaks.
    package var foremostMembers: [String: String]
    /// What the service says of a value that its enumeration has not, by the member, where it has words of its own for
    /// it; told when nothing else is wrong with the input.
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
