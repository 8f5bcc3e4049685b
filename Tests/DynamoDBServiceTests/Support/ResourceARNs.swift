import ServiceModel
import Testing

private let invalid = "One or more parameter values were invalid: "
private let otherRegion = "arn:aws:dynamodb:us-east-1:123456789012:table/table"
private let otherAccount = "arn:aws:dynamodb:eu-central-1:999999999999:table/table"
private let otherPartition = "arn:aws-cn:dynamodb:eu-central-1:123456789012:table/table"
private let otherService = "arn:aws:s3:eu-central-1:123456789012:table/table"

/// The ARN of a table of `TableFixture`.
func tableARN(_ name: String) -> String {
    "arn:aws:dynamodb:eu-central-1:123456789012:table/\(name)"
}

/// An ARN that a request is refused for, and how.
struct RefusedARN: Sendable, CustomTestStringConvertible {
    let arn: String
    let code: String
    let message: String

    var testDescription: String { self.arn }

    private init(_ arn: String, _ message: String, code: String = "ValidationException") {
        self.arn = arn
        self.code = code
        self.message = message
    }

    private static let forAll = [
        RefusedARN("table", invalid + "ARNs must start with 'arn:': table"),
        RefusedARN("arn:table", invalid + "Provided Arn is not a DynamoDB resource arn: arn:table"),
        RefusedARN(tableARN("ab"), invalid + "Provided Arn is not a DynamoDB resource arn: \(tableARN("ab"))"),
        RefusedARN(
            tableARN("table/index/one"),
            invalid + "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: "
                + tableARN("table/index/one")
        ),
        RefusedARN(
            tableARN("table/backup/0170"),
            invalid + "Provided Arn is not a DynamoDB resource arn: \(tableARN("table/backup/0170"))"
        ),
    ]

    /// As TagResource and its like refuse.
    static let forTags =
        Self.forAll + [
            RefusedARN(otherService, "Access is denied", code: "AccessDeniedException"),
            RefusedARN(otherAccount, "Access is denied", code: "AccessDeniedException"),
            RefusedARN(otherRegion, "Invalid TableArn: Invalid ResourceArn provided as input \(otherRegion)"),
            RefusedARN(
                tableARN("table/stream/2026-11-24T05:00:30.123"),
                "Requested resource not found: ResourceArn: \(tableARN("table/stream/2026-11-24T05:00:30.123")) "
                    + "not found",
                code: "ResourceNotFoundException"
            ),
            RefusedARN(
                tableARN("missing"),
                "Requested resource not found: ResourceArn: \(tableARN("missing")) not found",
                code: "ResourceNotFoundException"
            ),
        ]

    /// As the operations on resource policies refuse.
    static let forPolicies =
        Self.forAll + [
            RefusedARN(otherService, invalid + "Provided Arn is not a DynamoDB resource arn: \(otherService)"),
            RefusedARN(
                otherAccount, "This action is only supported by accounts that match the resource owner’s account."),
            RefusedARN(otherRegion, invalid + "Invalid resource Arn: \(otherRegion)"),
            RefusedARN(otherPartition, invalid + "Invalid resource Arn: \(otherPartition)"),
            RefusedARN(
                tableARN("missing"), "Requested resource not found: Table: missing not found",
                code: "ResourceNotFoundException"),
        ]
}
