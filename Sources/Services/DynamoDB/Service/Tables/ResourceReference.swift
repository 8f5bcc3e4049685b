internal import DynamoDBModel
internal import Primitives
internal import ServiceModel

/// The resource of a `ResourceArn`: a table, or a stream of a table.
///
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
enum ResourceReference: Sendable, Equatable {
    case table(TableReference)
    /// The label of a stream is the time of its creation.
    case stream(TableReference, label: String)

    /// The family of the calling operation: the wording of some errors differs.
    enum Family {
        case tags, policies
    }

    /// The table itself, or the stream's table.
    var table: TableReference {
        switch self {
        case .table(let table), .stream(let table, _): table
        }
    }

    /// - Throws: when the text is not an ARN, not of a table or stream, or of another account or region.
    init(_ text: String, _ context: RequestContext, _ family: Family) throws(ServiceError) {
        func invalid(_ reason: String) -> ServiceError {
            .validation("One or more parameter values were invalid: \(reason): \(text)")
        }
        guard text.hasPrefix("arn:") else { throw invalid("ARNs must start with 'arn:'") }
        guard let arn = ARN(text) else { throw invalid("Provided Arn is not a DynamoDB resource arn") }
        guard arn.service == "dynamodb" else {
            if family == .tags { throw .accessDenied }
            throw invalid("Provided Arn is not a DynamoDB resource arn")
        }
        let parts = arn.resource.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 4, parts[0] == "table", TableReference.isLawfulName(parts[1]) else {
            throw invalid("Provided Arn is not a DynamoDB resource arn")
        }
        if parts.count == 4, parts[2] == "index" {
            throw invalid("Invalid resource arn provided, only table or stream is accepted. Provided resource arn")
        }
        guard parts.count == 2 || parts[2] == "stream" else {
            throw invalid("Provided Arn is not a DynamoDB resource arn")
        }
        try Self.checkOwner(arn, text, context, family)
        let table = TableReference(account: context.account, region: context.region, name: String(parts[1]))
        self = parts.count == 2 ? .table(table) : .stream(table, label: String(parts[3]))
    }

    private static func checkOwner(
        _ arn: ARN, _ text: String, _ context: RequestContext, _ family: Family
    ) throws(ServiceError) {
        let isOfRegion = arn.region == context.region.description && arn.partition == context.region.partition
        switch family {
        case .tags:
            guard arn.account == context.account.description else { throw .accessDenied }
            guard isOfRegion else {
                throw .validation("Invalid TableArn: Invalid ResourceArn provided as input \(text)")
            }
        case .policies:
            guard arn.account == context.account.description else {
                throw .validation(
                    "This action is only supported by accounts that match the resource owner’s account."
                )
            }
            guard isOfRegion else {
                throw .validation("One or more parameter values were invalid: Invalid resource Arn: \(text)")
            }
        }
    }
}

extension ServiceError {
    /// The error for an ARN of another account or service.
    static var accessDenied: ServiceError {
        ServiceError(code: "AccessDeniedException", status: 400, message: "Access is denied")
    }
}
