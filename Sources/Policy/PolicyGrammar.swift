/// What a kind of policy must and must not have.
package struct PolicyGrammar: Sendable, Hashable {
    /// Whether every statement says whom it is about.
    package var hasPrincipal: Bool
    /// Whether every statement says which resources it is about.
    package var hasResource: Bool
    /// The partition of the accounts that are named by their twelve digits alone.
    package var partition: String

    package init(hasPrincipal: Bool, hasResource: Bool, partition: String = "aws") {
        self.hasPrincipal = hasPrincipal
        self.hasResource = hasResource
        self.partition = partition
    }

    /// Policies of users, groups and roles: about their owner.
    package static let identity = PolicyGrammar(hasPrincipal: false, hasResource: true)
    /// Policies of resources.
    package static let resource = PolicyGrammar(hasPrincipal: true, hasResource: true)
    /// Policies that say who may assume a role: about their role.
    package static let trust = PolicyGrammar(hasPrincipal: true, hasResource: false)
}

/// Why a text is no policy, in IAM's words.
///
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes; IAM User
///   Guide, "Access Analyzer policy check reference".
package enum PolicyError: Error, Sendable, Hashable, CustomStringConvertible {
    case invalidJSON
    /// JSON, but no object.
    case noPolicy
    /// The place behind what is wrong, from 1.
    case syntax(line: Int, column: Int)
    case missingField(String)
    case emptyField(String)
    case prohibitedField(String)
    case noStatement
    case sidIsNotUnique
    case invalidPrincipal

    package var description: String {
        switch self {
        case .invalidJSON: "This policy contains invalid Json"
        case .noPolicy: "This text appears not to be a policy"
        case .syntax(let line, let column): "Syntax error at position (\(line),\(column))"
        case .missingField(let name): "Missing required field \(name)"
        case .emptyField(let name): "Missing required field \(name) cannot be empty!"
        case .prohibitedField(let name): "Has prohibited field \(name)"
        case .noStatement: "Could not parse the policy: Statement is empty!"
        case .sidIsNotUnique: "The Statement Ids in the policy are not unique"
        case .invalidPrincipal: "Invalid principal in policy document."
        }
    }

    /// The place, from 1, that the error is about in the text of the policy; nil where it is about the whole.
    package func place(in text: String) -> (line: Int, column: Int)? {
        switch self {
        case .invalidJSON: JSONParser.failure(in: text).map { ($0.line, $0.column) }
        case .syntax(let line, let column): (line, column)
        case .noPolicy, .missingField, .emptyField, .prohibitedField, .noStatement, .sidIsNotUnique,
            .invalidPrincipal:
            nil
        }
    }
}
