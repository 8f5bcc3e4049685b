internal import DynamoDBValues
internal import Policy

/// The rules for policies of tables and streams.
///
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes; DynamoDB
///   Developer Guide, "Using resource-based policies for DynamoDB".
enum PolicyRule {
    /// Counts white space too, though it is not stored.
    static let bytesMax = 20 << 10

    /// - Source: DynamoDB Developer Guide, "DynamoDB API operations supported by resource-based policies".
    private static let tableActions = [
        "AssociateTableReplica", "BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "CreateBackup",
        "CreateTableReplica", "DeleteItem", "DeleteResourcePolicy", "DeleteTable", "DeleteTableReplica",
        "DescribeContinuousBackups", "DescribeContributorInsights", "DescribeKinesisStreamingDestination",
        "DescribeTable", "DescribeTableReplicaAutoScaling", "DescribeTimeToLive",
        "DisableKinesisStreamingDestination", "EnableKinesisStreamingDestination", "ExportTableToPointInTime",
        "GetItem", "GetResourcePolicy", "ListTagsOfResource", "PartiQLDelete", "PartiQLInsert", "PartiQLSelect",
        "PartiQLUpdate", "PutItem", "PutResourcePolicy", "Query", "ReadDataForReplication", "ReplicateSettings",
        "RestoreTableToPointInTime", "Scan", "SearchVectors", "TagResource", "UntagResource",
        "UpdateContinuousBackups", "UpdateContributorInsights", "UpdateItem", "UpdateKinesisStreamingDestination",
        "UpdateTable", "UpdateTableReplicaAutoScaling", "UpdateTimeToLive", "WriteDataForReplication",
    ]
    private static let streamActions = [
        "DeleteResourcePolicy", "DescribeStream", "GetRecords", "GetResourcePolicy", "GetShardIterator",
        "PutResourcePolicy",
    ]

    /// Condition keys that restrict the principal or source, so that a policy for everyone is not public.
    /// - Source: DynamoDB Developer Guide, "Blocking public access with resource-based policies".
    private static let trustedKeys: Set<String> = [
        "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths",
        "aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc",
        "aws:sourcevpce", "aws:ec2instancesourcevpc", "aws:userid", "aws:principalservicename",
        "aws:principalservicenameslist", "aws:principalisawsservice",
    ]

    /// Parses the policy that a request gives for a resource.
    static func document(
        _ text: String, isForStream: Bool, partition: String
    ) throws(ValidationFailure) -> PolicyDocument {
        guard text.utf8.count <= self.bytesMax else {
            throw .invalid("Maximum policy size of \(self.bytesMax) bytes exceeded")
        }
        let document: PolicyDocument
        do throws(PolicyError) {
            document = try PolicyDocument(
                text, PolicyGrammar(hasPrincipal: true, hasResource: true, partition: partition))
        } catch .invalidPrincipal {
            throw .invalid(PolicyError.invalidPrincipal.description)
        } catch {
            throw .invalid("Invalid policy document: \(error.description)")
        }
        try self.checkActions(document, isForStream ? self.streamActions : self.tableActions)
        for statement in document.statements {
            for pattern in statement.resource?.values ?? [] {
                try self.checkResource(pattern.text, isForStream: isForStream)
            }
        }
        guard !document.statements.contains(where: self.isPublic) else {
            throw ValidationFailure(
                "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to "
                    + "ensure least-privilege form of access"
            )
        }
        return document
    }

    private static func checkActions(_ document: PolicyDocument, _ actions: [String]) throws(ValidationFailure) {
        let names = actions.map { "dynamodb:\($0)" }
        let wrong = document.statements.flatMap(\.action.values).filter { pattern in
            !names.contains { pattern.matchesAction($0) }
        }
        guard wrong.isEmpty else {
            let list = wrong.map { "\"\($0.text)\"" }.joined(separator: ", ")
            throw .invalid("Invalid policy document: The following action names are invalid: \(list)")
        }
    }

    /// A table's policy must be for tables and indexes, a stream's for streams; which of them is not checked.
    private static func checkResource(_ text: String, isForStream: Bool) throws(ValidationFailure) {
        if text == "*" { return }
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn" else {
            throw .invalid("Invalid policy document: Resource \(text) must be in ARN format or \"*\".")
        }
        let relative = parts[5]
        let namesStream = relative.contains("/stream/")
        guard namesStream == isForStream || relative.contains("*") || relative.contains("?") else {
            throw .invalid(
                "Invalid policy document: The relative-id \"\(relative)\" is invalid for ARN \"\(text)\""
            )
        }
    }

    /// Whether a statement allows access to everyone, of any account.
    private static func isPublic(_ statement: PolicyStatement) -> Bool {
        guard statement.effect == .allow, let principal = statement.principal else { return false }
        guard principal.isEveryone || principal.isNegated else { return false }
        return !statement.conditions.contains { condition in
            self.trustedKeys.contains(condition.key.lowercased()) && condition.isLimiting
        }
    }
}

extension PolicyCondition {
    /// Whether only requests with one of the given values match.
    fileprivate var isLimiting: Bool {
        let limiting: Set<ConditionOperator.Comparison> = [
            .stringEquals, .stringEqualsIgnoreCase, .stringLike, .arnEquals, .arnLike, .bool,
        ]
        return limiting.contains(self.comparison.comparison) && !self.comparison.isMetWithoutKey
            && self.comparison.qualifier != .forAllValues && !self.values.isEmpty
            && !self.values.contains { $0.text.allSatisfy { $0 == "*" } }
    }
}
