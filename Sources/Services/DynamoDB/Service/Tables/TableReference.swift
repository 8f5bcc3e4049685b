internal import Primitives
internal import ServiceModel

/// A table, as named in a request by name or by ARN.
struct TableReference: Sendable, Hashable {
    let account: AccountID
    let region: Region
    let name: String

    /// - Throws: for invalid names, and for tables of other accounts or regions.
    init(
        _ text: String, _ context: RequestContext, refusing style: NameRefusal = .sentence("TableName")
    ) throws(ServiceError) {
        guard text.hasPrefix("arn:") else {
            try Self.check(text, at: "tableName", style)
            self.init(account: context.account, region: context.region, name: text)
            return
        }
        guard let arn = ARN(text), arn.service == "dynamodb", arn.resource.hasPrefix("table/"),
            Self.isLawfulName(arn.resource.dropFirst("table/".count))
        else {
            throw .validation("1 validation error detected: Invalid resource type in '\(text)'")
        }
        guard arn.partition == context.region.partition else {
            throw .validation("1 validation error detected: Invalid AWS partition in '\(text)'")
        }
        guard arn.region == context.region.description else {
            throw .validation("1 validation error detected: Invalid AWS region in '\(text)'")
        }
        guard arn.account == context.account.description else {
            throw ServiceError(code: "AccessDeniedException", status: 400, message: "Access is denied")
        }
        self.init(
            account: context.account,
            region: context.region,
            name: String(arn.resource.dropFirst("table/".count))
        )
    }

    init(account: AccountID, region: Region, name: String) {
        self.account = account
        self.region = region
        self.name = name
    }

    /// - Source: DynamoDB Developer Guide, "Naming rules".
    static func isLawfulName(_ name: Substring) -> Bool {
        (3...255).contains(name.utf8.count) && self.hasLawfulCharacters(name)
    }

    private static func hasLawfulCharacters(_ name: some StringProtocol) -> Bool {
        for byte in name.utf8 where !ASCII.isLetter(byte) && !ASCII.isDigit(byte) {
            guard byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") else {
                return false
            }
        }
        return true
    }

    /// Refuses an invalid name of a table or index; `place` is its place in the request.
    static func check(_ name: String, at place: String, _ style: NameRefusal) throws(ServiceError) {
        let count = name.utf8.count
        let hasLawfulCharacters = self.hasLawfulCharacters(name)
        guard !(3...255).contains(count) || !hasLawfulCharacters else { return }
        var broken: [String] = []
        if !(3...255).contains(count) {
            if case .sentence(let member) = style {
                throw .validation("\(member) must be at least 3 characters long and at most 255 characters long")
            }
            broken.append("have length " + (count < 3 ? "greater than or equal to 3" : "less than or equal to 255"))
        }
        if name.isEmpty || !hasLawfulCharacters {
            broken.append("satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
        }
        throw .validation(
            "\(broken.count) validation error\(broken.count == 1 ? "" : "s") detected: "
                + broken.map { "Value '\(name)' at '\(place)' failed to satisfy constraint: Member must \($0)" }
                .joined(separator: "; ")
        )
    }
}

/// How an operation refuses a name of invalid length; for invalid characters the error is always the same.
///
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
enum NameRefusal: Sendable, Equatable {
    /// With a sentence about the member.
    case sentence(String)
    /// As a violated constraint of the model.
    case constraint
}

extension RequestContext {
    /// The ARN of the caller's table of this name; an ARN is returned unchanged.
    func tableARN(_ name: String) -> String {
        guard !name.hasPrefix("arn:") else { return name }
        return ARN(service: "dynamodb", region: self.region, account: self.account, resource: "table/\(name)")
            .description
    }
}
