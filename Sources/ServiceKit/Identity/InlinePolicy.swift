package import Policy
internal import Primitives

/// A policy that belongs to one user, under a name that is unique there.
package struct InlinePolicy: Sendable, Equatable {
    /// The quota for all inline policies of a user together, in characters without white space.
    /// - Source: IAM User Guide, "IAM and AWS STS quotas".
    package static let charactersMax = 2048
    /// The limit of one policy text, in bytes, white space included.
    /// - Source: IAM API Reference, PutUserPolicy, `PolicyDocument`.
    package static let textBytesMax = 131_072

    package let name: String
    /// The text exactly as it was given.
    package let text: String
    /// The parsed text.
    package let document: PolicyDocument

    /// Parses and validates a policy as IAM's PutUserPolicy does.
    package init(name: String, text: String) throws(InlinePolicyError) {
        guard Self.isLawfulName(name) else { throw .name(name) }
        guard text.utf8.count <= Self.textBytesMax else { throw .tooLong }
        guard text.unicodeScalars.allSatisfy(Self.isLawful) else { throw .characters }
        self.name = name
        self.text = text
        do throws(PolicyError) {
            self.document = try PolicyDocument(text, .identity)
        } catch {
            throw .document(error, error.place(in: text))
        }
        for statement in self.document.statements { try Self.check(statement) }
    }

    /// The characters that count towards `charactersMax`.
    package var characterCount: Int {
        self.text.unicodeScalars.count { !Self.isSpace($0) }
    }

    /// - Source: IAM API Reference, PutUserPolicy, `PolicyName`.
    package static func isLawfulName(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "_+=,.@-".utf8.contains($0) }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
    }

    /// - Source: IAM API Reference, PutUserPolicy, `PolicyDocument`.
    private static func isLawful(_ scalar: Unicode.Scalar) -> Bool {
        self.isSpace(scalar) || ("\u{20}"..."\u{FF}").contains(scalar)
    }

    /// Rules of IAM beyond the policy grammar, and statements that could never match and would silently deny.
    private static func check(_ statement: PolicyStatement) throws(InlinePolicyError) {
        if let sid = statement.sid, !sid.utf8.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) }) {
            throw .sid(sid)
        }
        for action in statement.action.values where action.text != "*" {
            guard self.hasVendor(action.text) else { throw .vendor(action.text) }
        }
        for resource in statement.resource?.values ?? [] where resource.text != "*" {
            guard self.isARN(resource.text) else { throw .resource(resource.text) }
        }
        for condition in statement.conditions {
            guard self.hasVendor(condition.key) else { throw .vendor(condition.key) }
        }
    }

    /// Further rules of IAM for a new policy. Policies that are stored already are read without them.
    ///
    /// - Source: moto's `policy_validation.py`, a record of IAM's refusals; IAM User Guide, "IAM JSON policy elements:
    ///   Resource", for the service of an ARN.
    package func checkAsNew() throws(InlinePolicyError) {
        for statement in self.document.statements {
            for action in statement.action.values where action.text != "*" {
                let parts = action.text.split(separator: ":", omittingEmptySubsequences: false)
                guard parts.count == 2 else { throw .colons(action.text) }
                guard parts[0].utf8.allSatisfy(Self.isOfVendor) else { throw .vendorName(String(parts[0])) }
            }
            for resource in statement.resource?.values ?? [] where resource.text != "*" {
                let service = resource.text.split(separator: ":", omittingEmptySubsequences: false)[2]
                guard !service.utf8.contains(where: { "*?".utf8.contains($0) }) else {
                    throw .resourceVendor(resource.text)
                }
            }
            for condition in statement.conditions {
                if let date = condition.unreadableDate { throw .date(date) }
            }
        }
    }

    private static func isOfVendor(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    /// Whether a text has an ARN's six parts, or fewer after the service where a `*` at the end stands for the others.
    /// - Source: IAM User Guide, "IAM JSON policy elements: Resource", "Using wildcards in resource ARNs".
    private static func isARN(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.first == "arn", parts.count < 6 else { return parts.first == "arn" }
        return parts.count >= 4 && text.hasSuffix("*") && !parts.contains("")
    }

    /// Whether a text has a prefix before its colon, as `dynamodb:GetItem` and `aws:SourceIp` do.
    private static func hasVendor(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty
    }
}

/// Why a text is not a valid policy of a user.
package enum InlinePolicyError: Error, Sendable, Equatable {
    case name(String)
    case tooLong
    case characters
    case document(PolicyError, PolicyError.Place?)
    case sid(String)
    /// An action, or a condition key, without a vendor prefix.
    case vendor(String)
    case resource(String)
    /// An action with more than one colon.
    case colons(String)
    /// What stands before the colon of an action.
    case vendorName(String)
    /// A resource.
    case resourceVendor(String)
    case date(String)

    /// What is wrong and how to mend it, in IAM's words where it has some; without a full stop.
    package var sentence: String {
        switch self {
        case .name(let name):
            "\"\(name)\" is no name of a policy: it takes 1 to 128 letters, digits and characters of _+=,.@-"
        case .tooLong: "the policy is longer than \(InlinePolicy.textBytesMax) bytes"
        case .characters:
            "The specified value for policyDocument is invalid. It must contain only printable characters up to "
                + "U+00FF: write others as \\u and four hexadecimal digits"
        case .document(let error, let place): Self.sentence(error, place)
        case .sid(let sid):
            "Statement IDs (SID) must be alpha-numeric: \"\(sid)\" takes letters and digits only"
        case .vendor(let text):
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: \"\(text)\" is not, such as "
                + "dynamodb:GetItem is"
        case .resource(let text):
            "Resource \(text) must be in ARN format or \"*\", such as arn:aws:dynamodb:*:*:table/Music"
        case .colons(let action): "Actions/Condition can contain only one colon: \"\(action)\" has more"
        case .vendorName(let name): "Vendor \(name) is not valid: it takes letters, digits, - and ."
        case .resourceVendor(let text):
            "Resource vendor must be fully qualified and cannot contain regexes: \"\(text)\" names no service, such as "
                + "arn:aws:dynamodb:* does"
        case .date(let text):
            "The policy failed legacy parsing: \"\(text)\" is no date, such as 2026-11-28T14:00:00Z is"
        }
    }

    private static func sentence(_ error: PolicyError, _ place: PolicyError.Place?) -> String {
        let what: String
        switch error {
        case .invalidJSON: what = "This policy contains invalid Json: the text is wrong there, or a name stands twice"
        case .syntax:
            what =
                "Syntax error: what ends there is not in the language of policies (Version is \"2012-10-17\", Effect "
                + "\"Allow\" or \"Deny\"; elements and operators have IAM's names)"
        case .missingField("Action"), .emptyField("Action"), .emptyField("NotAction"):
            what = "Policy statement must contain actions."
        case .missingField("Resource"), .emptyField("Resource"), .emptyField("NotResource"):
            what = "Policy statement must contain resources."
        case .sidIsNotUnique: what = "Statement IDs (SID) in a single policy must be unique."
        case .prohibitedField(let name):
            what = "\(error.description): a user's policy is about the user, so take \(name) away"
        default: what = error.description
        }
        return place.map { "line \($0.line), column \($0.column): \(what)" } ?? what
    }
}
