package import ServiceModel

/// Decides whether a principal may do what a request asks.
package protocol Authorizer: Sendable {
    /// Returns where the principal may, and throws the service's access-denied error where not; `access`, what the
    /// request touches, is computed only when the decision needs it.
    func authorize(_ context: RequestContext, access: () -> [ResourceAccess]) throws(ServiceError)
}

/// Whoever proved a key of an account may do everything in that account; nobody else may do anything.
///
/// The principal's account is also the account whose state the handler sees: nothing of another account is reachable.
package struct AccountAuthorizer: Authorizer {
    package init() {}

    package func authorize(_ context: RequestContext, access: () -> [ResourceAccess]) throws(ServiceError) {
        guard context.principal.kind == .anonymous, let first = access().first else { return }
        throw ServiceError(
            code: "AccessDeniedException",
            status: 400,
            message: "User: anonymous is not authorized to perform: \(first.action) on resource: \(first.resource)"
        )
    }
}

/// Asks the authorizer before anything of the service runs.
struct Authorize: Sendable {
    let authorizer: any Authorizer

    func callAsFunction(_ request: DecodedRequest) throws(ServiceError) {
        try self.authorizer.authorize(request.context) {
            request.operation.binding.access(request.input, request.context)
        }
    }
}
