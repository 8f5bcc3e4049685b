internal import ServiceKit
package import ServiceModel

/// Decides whether a principal may do what a request asks.
package protocol Authorizer: Sendable {
    /// Returns where the principal may, and throws the service's access-denied error where not; `access`, what the
    /// request touches, is computed only when the decision needs it.
    func authorize(
        _ context: RequestContext, of service: ServiceEntry, access: () -> [ResourceAccess]
    ) throws(ServiceError)
}

/// Whoever proved a key of an account may do everything in that account that the policies of its user allow, if it has
/// any; nobody else may do anything.
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

/// Asks the authorizer before anything of the service runs.
struct Authorize: Sendable {
    let authorizer: any Authorizer

    func callAsFunction(
        _ operation: OperationEntry, _ input: any DecodedInput, _ context: RequestContext, of service: ServiceEntry
    ) throws(ServiceError) {
        try self.authorizer.authorize(context, of: service) { operation.binding.access(input, context) }
    }
}
