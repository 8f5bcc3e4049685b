/// A policy of IAM's language: statements that allow or deny.
///
/// - Source: IAM User Guide, "IAM JSON policy reference".
package struct PolicyDocument: Sendable, Hashable {
    /// The version of the language.
    package enum Version: String, Sendable, Hashable {
        /// Without policy variables; what a document without a version is.
        case first = "2008-10-17"
        case current = "2012-10-17"
    }

    /// As it is written; nil where the document names none, which means `first`.
    package var version: Version?
    package var id: String?
    /// At least one.
    package var statements: [PolicyStatement]

    package init(version: Version? = .current, id: String? = nil, statements: [PolicyStatement]) {
        self.version = version
        self.id = id
        self.statements = statements
    }

    /// Whether `${aws:username}` stands for the user's name, or for itself.
    var hasVariables: Bool { self.version == .current }

    /// What the statements say of a request: an explicit deny before an allow.
    ///
    /// - Complexity: O(statements × patterns), each pattern at most its length times that of what it is matched to.
    package func decision(for request: PolicyRequest) -> PolicyDecision {
        var decision = PolicyDecision.notApplicable
        for statement in self.statements where statement.applies(to: request, hasVariables: self.hasVariables) {
            switch statement.effect {
            case .deny: return .explicitDeny
            case .allow: decision = .allow
            }
        }
        return decision
    }

    /// Whether a resource's policy allows a request by itself: it names the caller, or everybody, and not only the
    /// caller's account, which leaves the permission to the policies of the account's users.
    ///
    /// - Source: IAM User Guide, "AWS JSON policy elements: Principal", "AWS account principals".
    package func allowsCaller(of request: PolicyRequest) -> Bool {
        self.statements.contains { statement in
            statement.effect == .allow && statement.principal?.namesMoreThanAccount(of: request.caller) == true
                && statement.applies(to: request, hasVariables: self.hasVariables)
        }
    }

    /// Whether a condition looks at a key with this prefix, in lower case, or at a variable, which may be one.
    package func asksAboutKeys(_ prefix: String) -> Bool {
        self.statements.contains { statement in
            statement.conditions.contains { condition in
                condition.key.lowercased().hasPrefix(prefix) || condition.values.contains { $0.text.contains("${") }
            }
        }
    }
}

/// What one policy, or several together, say of a request.
package enum PolicyDecision: Sendable, Hashable {
    case explicitDeny
    case allow
    /// Nothing is said: denied, unless another policy allows.
    case notApplicable

    /// An explicit deny wins over every allow.
    /// - Source: IAM User Guide, "Policy evaluation logic".
    package static func combined(_ decisions: some Sequence<PolicyDecision>) -> PolicyDecision {
        var combined = PolicyDecision.notApplicable
        for decision in decisions {
            switch decision {
            case .explicitDeny: return .explicitDeny
            case .allow: combined = .allow
            case .notApplicable: break
            }
        }
        return combined
    }
}
