internal import Primitives
internal import ServiceModel

/// The table that a request names, by name or by ARN.
struct TableReference: Sendable, Hashable {
    let account: AccountID
    let region: Region
    let name: String

    /// - Throws: for names that no table can have, and for tables of other accounts or regions.
    init(_ text: String, _ context: RequestContext) throws(ServiceError) {
        if text.hasPrefix("arn:") {
            guard let arn = ARN(text), arn.service == "dynamodb", arn.resource.hasPrefix("table/") else {
                throw .validation("Invalid table ARN: \(text)")
            }
            let name = arn.resource.dropFirst("table/".count)
            guard Self.isLawfulName(name) else { throw .validation(Self.invalidName) }
            guard arn.region == context.region.description, arn.account == context.account.description else {
                throw ServiceError(
                    code: "AccessDeniedException",
                    status: 400,
                    message: "User: \(context.principal.arn) is not authorized to perform this operation on resource: "
                        + text
                )
            }
            self.init(account: context.account, region: context.region, name: String(name))
            return
        }
        guard Self.isLawfulName(text[...]) else { throw .validation(Self.invalidName) }
        self.init(account: context.account, region: context.region, name: text)
    }

    init(account: AccountID, region: Region, name: String) {
        self.account = account
        self.region = region
        self.name = name
    }

    /// - Source: DynamoDB Developer Guide, "Naming rules".
    static func isLawfulName(_ name: Substring) -> Bool {
        (3...255).contains(name.utf8.count)
            && name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "_.-".utf8.contains($0) }
    }

    static let invalidName =
        "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only "
        + "the characters a-z, A-Z, 0-9, '_', '-', and '.'"
}

extension RequestContext {
    /// The ARN that a table of this name has for this caller; what an ARN says stays as it is.
    func tableARN(_ name: String) -> String {
        name.hasPrefix("arn:")
            ? name : ARN(service: "dynamodb", region: self.region, account: self.account, resource: "table/\(name)").description
    }
}
