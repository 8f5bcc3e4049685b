/// A policy document: statements that allow or deny.
///
/// - Source: IAM User Guide, "IAM JSON policy reference".
package struct PolicyDocument: Sendable, Equatable {
    /// The version of the policy language.
    package enum Version: String, Sendable, Hashable {
        /// Has no policy variables; the default of a document without a version.
        case first = "2008-10-17"
        case current = "2012-10-17"
    }

    /// As written; nil when the document names none, which means `first`.
    package var version: Version?
    package var id: String?
    /// At least one.
    package var statements: [PolicyStatement]

    package init(version: Version? = .current, id: String? = nil, statements: [PolicyStatement]) {
        self.version = version
        self.id = id
        self.statements = statements
    }

    /// Whether `${aws:username}` is a variable rather than literal text.
    var hasVariables: Bool { self.version == .current }

    /// The decision of the statements on a request: an explicit deny overrides an allow.
    ///
    /// - Complexity: O(statements × patterns), each pattern at most its length times that of the text it is matched
    ///   against.
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

    /// Whether a resource policy allows a request by itself: it names the caller, or everybody. If it names only the
    /// caller's account, the policies of the account's users must allow it too.
    ///
    /// - Source: IAM User Guide, "AWS JSON policy elements: Principal", "AWS account principals".
    package func allowsCaller(of request: PolicyRequest) -> Bool {
        self.statements.contains { statement in
            statement.effect == .allow && statement.principal?.namesMoreThanAccount(of: request.caller) == true
                && statement.applies(to: request, hasVariables: self.hasVariables)
        }
    }

    /// Whether any condition uses a key with this prefix (in lower case) or a policy variable, which could stand for
    /// one.
    package func asksAboutKeys(_ prefix: String) -> Bool {
        self.statements.contains { statement in
            statement.conditions.contains { condition in
                condition.key.lowercased().hasPrefix(prefix) || condition.values.contains { $0.text.contains("${") }
            }
        }
    }
}

/// The decision of one policy, or of several together.
package enum PolicyDecision: Sendable, Hashable {
    case explicitDeny
    case allow
    /// Neither allowed nor denied: denied unless another policy allows it.
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
