internal import Primitives

/// The `Principal` or `NotPrincipal` element of a statement.
package struct PolicyPrincipals: Sendable, Equatable {
    /// The principals of one kind, such as `"AWS": [...]`.
    package struct Named: Sendable, Equatable {
        /// The kinds, by their names in a policy.
        package enum Kind: String, Sendable, Hashable {
            case aws = "AWS"
            case service = "Service"
            case federated = "Federated"
            case canonicalUser = "CanonicalUser"
        }

        package var kind: Kind
        /// At least one, without duplicates.
        package var values: [String]

        package init(_ kind: Kind, _ values: [String]) {
            self.kind = kind
            self.values = values
        }
    }

    /// The notation of the element.
    package enum Form: Sendable, Equatable {
        /// `"Principal": "*"`
        case everyone
        case named([Named])
    }

    /// Whether it is `NotPrincipal`: matches when none of them does.
    package var isNegated: Bool
    package var form: Form

    package init(_ form: Form, isNegated: Bool = false) {
        self.form = form
        self.isNegated = isNegated
    }

    /// Whether it matches everybody, of every account and of none.
    package var isEveryone: Bool {
        guard !self.isNegated else { return false }
        switch self.form {
        case .everyone: return true
        case .named(let named): return named.contains { $0.kind == .aws && $0.values.contains("*") }
        }
    }

    func includes(_ caller: PolicyRequest.Caller) -> Bool {
        switch self.form {
        case .everyone: !self.isNegated
        case .named(let named): named.contains { Self.names($0, caller) } != self.isNegated
        }
    }

    /// Whether it names the caller itself, rather than only the caller's account.
    func namesMoreThanAccount(of caller: PolicyRequest.Caller) -> Bool {
        guard !self.isNegated, case .named(let named) = self.form else { return true }
        return named.contains { named in
            named.values.contains { value in
                guard named.kind == .aws else { return true }
                return value != caller.account && ARN(value)?.resource != "root" && Self.isSame(value, caller)
            }
        }
    }

    private static func names(_ named: Named, _ caller: PolicyRequest.Caller) -> Bool {
        switch named.kind {
        case .aws: named.values.contains { self.isSame($0, caller) }
        case .service: caller.service.map(named.values.contains) ?? false
        // Only web identities and bucket owners are such principals.
        case .federated, .canonicalUser: named.values.contains(caller.arn)
        }
    }

    /// An account matches everybody in it, and a role each of its sessions; the only wildcard is `*` alone.
    private static func isSame(_ name: String, _ caller: PolicyRequest.Caller) -> Bool {
        if name == "*" || name == caller.arn { return true }
        guard caller.service == nil, !caller.account.isEmpty else { return false }
        if name == caller.account { return true }
        guard let wanted = ARN(name), wanted.service == "iam", wanted.account == caller.account else { return false }
        if wanted.resource == "root" { return true }
        guard wanted.resource.hasPrefix("role/"), let role = wanted.resource.split(separator: "/").last,
            let session = ARN(caller.arn), session.service == "sts"
        else { return false }
        let parts = session.resource.split(separator: "/")
        return parts.count == 3 && parts[0] == "assumed-role" && parts[1] == role
    }
}
