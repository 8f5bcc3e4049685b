internal import Primitives
internal import ServiceModel

/// The table that a request names, by name or by ARN.
struct TableReference: Sendable, Hashable {
    let account: AccountID
    let region: Region
    let name: String

    /// - Throws: for names that no table can have, and for tables of other accounts or regions.
    init(_ text: String, _ context: RequestContext) throws(ServiceError) {
        guard text.hasPrefix("arn:") else {
            try Self.check(text)
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

    private static func check(_ name: String) throws(ServiceError) {
        guard (3...255).contains(name.utf8.count) else {
            throw .validation("TableName must be at least 3 characters long and at most 255 characters long")
        }
        guard self.hasLawfulCharacters(name) else {
            throw .validation(
                "1 validation error detected: Value '\(name)' at 'tableName' failed to satisfy constraint: "
                    + "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
            )
        }
    }
}

extension RequestContext {
    /// The ARN that a table of this name has for this caller; what an ARN says stays as it is.
    func tableARN(_ name: String) -> String {
        guard !name.hasPrefix("arn:") else { return name }
        return ARN(service: "dynamodb", region: self.region, account: self.account, resource: "table/\(name)")
            .description
    }
}
