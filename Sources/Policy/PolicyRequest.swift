/// What a policy is asked about: who wants to do what with which resource, under which circumstances.
package struct PolicyRequest: Sendable, Hashable {
    /// Who asks, in the ways in which a policy may name them.
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
    /// An ARN, or `*` where the action has no resource.
    package var resource: String
    /// By name in lower case, as the names of condition keys are not told apart by case.
    private var conditionKeys: [String: [String]]

    package init(caller: Caller, action: String, resource: String, conditionKeys: [String: [String]] = [:]) {
        self.caller = caller
        self.action = action
        self.resource = resource
        self.conditionKeys = [:]
        for (name, values) in conditionKeys { self.set(name, values) }
    }

    package mutating func set(_ key: String, _ values: [String]) {
        self.conditionKeys[key.lowercased()] = values
    }

    /// The values of a condition key; nil when the request has no such key.
    package func values(of key: String) -> [String]? {
        self.conditionKeys[key.lowercased()]
    }
}
