internal import Primitives

/// Whom a statement is about: `Principal` or `NotPrincipal`.
package struct PolicyPrincipals: Sendable, Hashable {
    /// One kind of principal with its names, such as `"AWS": [...]`.
    package struct Named: Sendable, Hashable {
        /// The names of the kinds, as they are written.
        package enum Kind: String, Sendable, Hashable {
            case aws = "AWS"
            case service = "Service"
            case federated = "Federated"
            case canonicalUser = "CanonicalUser"
        }

        package var kind: Kind
        /// At least one, each once.
        package var values: [String]

        package init(_ kind: Kind, _ values: [String]) {
            self.kind = kind
            self.values = values
        }
    }

    /// How the element is written.
    package enum Form: Sendable, Hashable {
        /// `"Principal": "*"`
        case everyone
        case named([Named])
    }

    /// Whether it is meant that no principal matches.
    package var isNegated: Bool
    package var form: Form

    package init(_ form: Form, isNegated: Bool = false) {
        self.form = form
        self.isNegated = isNegated
    }

    /// Whether anybody at all is meant, of every account and none.
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

    /// Whether the caller is meant for itself, and not only as one of its account.
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
        // What only web identities and owners of buckets are.
        case .federated, .canonicalUser: named.values.contains(caller.arn)
        }
    }

    /// An account means everybody in it, and a role each of its sessions; no name has wildcards but `*` alone.
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
