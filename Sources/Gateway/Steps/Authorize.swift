internal import ServiceKit
package import ServiceModel

/// Decides whether a principal may do what a request asks.
package protocol Authorizer: Sendable {
    /// Returns if the principal may; throws the service's access-denied error if not. `access`, the actions and
    /// resources of the request, is computed only if the decision needs it.
    func authorize(
        _ context: RequestContext, of service: ServiceEntry, access: () -> [ResourceAccess]
    ) throws(ServiceError)
}

/// A principal may do everything in its own account that its user's policies allow, or everything if there are none.
/// Anonymous callers may do nothing.
///
/// The principal's account is also the account whose state the handler sees: nothing of another account is reachable.
package struct AccountAuthorizer: Authorizer {
    package init() {}

    package func authorize(
        _ context: RequestContext, of service: ServiceEntry, access: () -> [ResourceAccess]
    ) throws(ServiceError) {
        if context.principal.policies != nil { return try self.ask(context, service, access) }
        guard context.principal.kind == .anonymous, let first = access().first else { return }
        throw service.registration.accessDeniedError(
            "User: anonymous is not authorized to perform: \(first.action) on resource: \(first.resource)")
    }

    @inline(never)
    private func ask(
        _ context: RequestContext, _ service: ServiceEntry, _ access: () -> [ResourceAccess]
    ) throws(ServiceError) {
        guard !service.registration.asksPoliciesItself, let policies = context.principal.userPolicies,
            let sentence = policies.denial(of: access(), context)
        else { return }
        throw service.registration.accessDeniedError(sentence)
    }
}

/// Calls the authorizer before anything of the service runs.
struct Authorize: Sendable {
    let authorizer: any Authorizer

    func callAsFunction(
        _ operation: OperationEntry, _ input: any DecodedInput, _ context: RequestContext, of service: ServiceEntry
    ) throws(ServiceError) {
        try self.authorizer.authorize(context, of: service) { operation.binding.access(input, context) }
    }
}
