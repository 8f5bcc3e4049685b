/// The elements that a kind of policy must and must not have.
package struct PolicyGrammar: Sendable, Equatable {
    /// Whether every statement names principals.
    package var hasPrincipal: Bool
    /// Whether every statement names resources.
    package var hasResource: Bool
    /// The partition of accounts that are named by twelve digits alone.
    package var partition: String

    package init(hasPrincipal: Bool, hasResource: Bool, partition: String = "aws") {
        self.hasPrincipal = hasPrincipal
        self.hasResource = hasResource
        self.partition = partition
    }

    /// Identity policies, of users, groups and roles: the principal is their owner.
    package static let identity = PolicyGrammar(hasPrincipal: false, hasResource: true)
    /// Policies of resources.
    package static let resource = PolicyGrammar(hasPrincipal: true, hasResource: true)
    /// Trust policies, which say who may assume a role: the resource is the role.
    package static let trust = PolicyGrammar(hasPrincipal: true, hasResource: false)
}

/// Why a text is not a valid policy, in IAM's words.
///
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes; IAM User
///   Guide, "Access Analyzer policy check reference".
package enum PolicyError: Error, Sendable, Equatable, CustomStringConvertible {
    case invalidJSON
    /// JSON, but not an object.
    case noPolicy
    /// The position after the syntax error, from 1.
    case syntax(line: Int, column: Int)
    case missingField(String)
    case emptyField(String)
    case prohibitedField(String)
    case noStatement
    case sidIsNotUnique
    case invalidPrincipal

    /// A place in a policy's text: a line and a column, from 1.
    package struct Place: Sendable, Equatable {
        package var line = 1
        package var column = 1
    }

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

    /// Where the error is in the policy's text; nil when it concerns the whole text.
    package func place(in text: String) -> Place? {
        switch self {
        case .invalidJSON: JSONParser.failure(in: text)
        case .syntax(let line, let column): Place(line: line, column: column)
        case .noPolicy, .missingField, .emptyField, .prohibitedField, .noStatement, .sidIsNotUnique,
            .invalidPrincipal:
            nil
        }
    }
}
