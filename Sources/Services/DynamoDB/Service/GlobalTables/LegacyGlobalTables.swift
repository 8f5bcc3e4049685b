internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// Global tables of version 2017.11.29, which AWS does not create any more: none exists, and none can be created.
///
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
enum LegacyGlobalTables {
    /// The regions that supported them, in AWS's order.
    private static let regions = [
        "eu-west-2", "eu-west-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-2", "eu-central-1",
        "ap-northeast-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    ]

    /// The error of a request that would create one, or add a replica to one.
    static func refusal(in region: Region) -> ValidationFailure {
        guard self.regions.contains(region.description) else {
            return .invalid(
                "DynamoDB global tables version 2017.11.29 is not supported in this region '\(region)', supported "
                    + "regions are : [\(self.regions.joined(separator: ", "))]"
            )
        }
        return .invalid(
            "DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables "
                + "version 2019.11.21, instead of version 2017.11.29 (Legacy)."
        )
    }

    /// The ARN of a global table, which has no region.
    static func arn(_ name: String, _ context: RequestContext) -> String {
        "arn:\(context.region.partition):dynamodb::\(context.account):global-table/\(name)"
    }

    static func access(_ action: String, _ name: String, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:\(action)", resource: self.arn(name, context))]
    }
}

extension ServiceError {
    /// The message has a prefix in operations on global tables, and none in those on their settings.
    static func globalTableNotFound(_ name: String, prefix: String = "") -> ServiceError {
        DynamoDBError.globalTableNotFound(message: "\(prefix)Global table with name: '\(name)' does not exist.")
    }
}
