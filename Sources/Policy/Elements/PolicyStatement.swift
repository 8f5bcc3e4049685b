/// One statement of a policy: an effect, and what it applies to.
package struct PolicyStatement: Sendable, Equatable {
    /// The effect of a statement that applies.
    package enum Effect: String, Sendable, Hashable {
        case allow = "Allow"
        case deny = "Deny"
    }

    /// `Action` or `NotAction`, `Resource` or `NotResource`: patterns in their order.
    package struct Patterns: Sendable, Equatable {
        /// Whether it is the `Not…` element: matches when no pattern does.
        package var isNegated: Bool
        package var values: [PolicyPattern]

        package init(_ values: [PolicyPattern], isNegated: Bool = false) {
            self.values = values
            self.isNegated = isNegated
        }
    }

    package var sid: String?
    package var effect: Effect
    /// nil in identity policies, whose principal is their owner.
    package var principal: PolicyPrincipals?
    package var action: Patterns
    /// nil in trust policies, whose resource is their role.
    package var resource: Patterns?
    /// All must hold; in the order in which they are written.
    package var conditions: [PolicyCondition]

    package init(
        sid: String? = nil,
        effect: Effect,
        principal: PolicyPrincipals? = nil,
        action: Patterns,
        resource: Patterns? = nil,
        conditions: [PolicyCondition] = []
    ) {
        self.sid = sid
        self.effect = effect
        self.principal = principal
        self.action = action
        self.resource = resource
        self.conditions = conditions
    }

    func applies(to request: PolicyRequest, hasVariables: Bool) -> Bool {
        if let principal, !principal.includes(request.caller) { return false }
        guard self.action.values.contains(where: { $0.matchesAction(request.action) }) != self.action.isNegated else {
            return false
        }
        if let resource = self.resource {
            let isNamed = self.names(resource, request, hasVariables: hasVariables)
            guard isNamed != resource.isNegated else { return false }
        }
        return self.conditions.allSatisfy { $0.holds(for: request, hasVariables: hasVariables) }
    }

    /// Whether the patterns name the resource. Its other ARNs count wherever they can only take permissions away: in a
    /// Deny, and in what an Allow excepts.
    private func names(_ patterns: Patterns, _ request: PolicyRequest, hasVariables: Bool) -> Bool {
        func isNamed(_ arn: String) -> Bool {
            patterns.values.contains { $0.matchesResource(arn, request, hasVariables: hasVariables) }
        }
        if isNamed(request.resource) { return true }
        return (self.effect == .deny || patterns.isNegated) && request.otherResources.contains(where: isNamed)
    }
}
