package import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UntagResourceInput, _ context: RequestContext) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:UntagResource",
                resource: input.resourceARN,
                conditionKeys: ["aws:TagKeys": input.tagKeys]
            )
        ]
    }

    /// Order of checks: the ARN, the keys, the table. A key that the table does not have is not an error.
    package func untagResource(
        _ input: UntagResourceInput, _ context: RequestContext
    ) async throws(ServiceError) -> UntagResourceOutput {
        let reference = try self.taggedTable(input.resourceARN, context)
        try validating { () throws(ValidationFailure) in
            guard !input.tagKeys.isEmpty else {
                throw ValidationFailure("Atleast one Tag Key needs to be provided as Input.")
            }
            for key in input.tagKeys { try TagRule.checkKey(key) }
            try TagRule.checkCount(input.tagKeys.count)
        }
        let keys = Set(input.tagKeys.map { ExactName($0) })
        try await self.changeTags(reference, input.resourceARN) { (stored) throws(ServiceError) in
            stored.removeAll { keys.contains(ExactName($0.key)) }
        }
        return UntagResourceOutput()
    }
}
