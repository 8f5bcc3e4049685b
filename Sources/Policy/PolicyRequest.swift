package import Primitives

/// A question to a policy: who wants to do what with which resource, and under which conditions.
package struct PolicyRequest: Sendable, Equatable {
    /// The caller, in the forms in which a policy may name it.
    package struct Caller: Sendable, Hashable {
        /// Twelve digits; empty for anonymous callers and for services.
        package var account: String
        /// `arn:aws:iam::111122223333:user/ana`, `arn:aws:sts::111122223333:assumed-role/role/session`, …; empty for
        /// anonymous callers.
        package var arn: String
        /// `lambda.amazonaws.com`, where a service asks for itself.
        package var service: String?

        package init(account: String, arn: String, service: String? = nil) {
            self.account = account
            self.arn = arn
            self.service = service
        }
    }

    package var caller: Caller
    /// `dynamodb:GetItem`
    package var action: String
    /// An ARN, or `*` for an action without a resource.
    package var resource: String
    /// Further ARNs of the same resource: what is denied under one of them is denied, but only `resource` is allowed.
    package var otherResources: [String]
    /// By name in lower case, because condition keys are case-insensitive. Names that only look alike, such as those of
    /// tags, are different names.
    private var conditionKeys: [ExactName: [String]]

    package init(
        caller: Caller, action: String, resource: String, otherResources: [String] = [],
        conditionKeys: [ExactName: [String]] = [:]
    ) {
        self.caller = caller
        self.action = action
        self.resource = resource
        self.otherResources = otherResources
        self.conditionKeys = [:]
        for (name, values) in conditionKeys { self.add(name.text, values) }
    }

    /// Adds values to those that the key has already.
    ///
    /// The keys of two tags can differ in case only, and are one condition key then. If one value replaced the other, a
    /// second tag would hide the first from policies.
    package mutating func add(_ key: String, _ values: [String]) {
        self.conditionKeys[ExactName(key.lowercased()), default: []] += values
    }

    package mutating func set(_ key: String, _ values: [String]) {
        self.conditionKeys[ExactName(key.lowercased())] = values
    }

    /// The values of a condition key; nil when the request has no such key.
    package func values(of key: String) -> [String]? {
        self.conditionKeys[ExactName(key.lowercased())]
    }
}
