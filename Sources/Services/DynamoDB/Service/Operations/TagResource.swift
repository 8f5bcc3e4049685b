package import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: TagResourceInput, _ context: RequestContext) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:TagResource", resource: input.resourceARN,
                conditionKeys: TagRule.conditionKeys(input.tags))
        ]
    }

    /// Order of checks: the ARN, the tags, the table, the resulting number of tags.
    package func tagResource(
        _ input: TagResourceInput, _ context: RequestContext
    ) async throws(ServiceError) -> TagResourceOutput {
        let reference = try self.taggedTable(input.resourceARN, context)
        let tags = try validating { () throws(ValidationFailure) in
            guard !input.tags.isEmpty else {
                throw ValidationFailure("Atleast one Tag needs to be provided as Input.")
            }
            return try TagRule.tags(input.tags)
        }
        try await self.changeTags(reference, input.resourceARN) { (stored) throws(ServiceError) in
            stored.set(tags)
            let count = stored.count
            try validating { () throws(ValidationFailure) in try TagRule.checkCount(count) }
        }
        return TagResourceOutput()
    }

    /// The table whose tags a request is about. Streams have no tags; AWS reports them as not found.
    func taggedTable(_ arn: String, _ context: RequestContext) throws(ServiceError) -> TableReference {
        guard case .table(let reference) = try ResourceReference(arn, context, .tags) else {
            throw .resourceNotFound(arn: arn)
        }
        return reference
    }

    /// Changes the tags of a table; the change is visible to every reader when the answer is sent.
    func changeTags(
        _ reference: TableReference, _ arn: String, _ change: (inout [TableTag]) throws(ServiceError) -> Void
    ) async throws(ServiceError) {
        // Checked first: the error for a missing table names its ARN here.
        guard let table = try await self.catalog.snapshot(reference)?.descriptor,
            !table.isReplicaBeingAdded(at: self.clock.now())
        else { throw .resourceNotFound(arn: arn) }
        try await self.catalog.update(reference) { (table, _) throws(ServiceError) in
            try change(&table.settings.tags)
        }
    }
}

extension ServiceError {
    /// The error of tag operations on a resource that does not exist.
    static func resourceNotFound(arn: String) -> ServiceError {
        DynamoDBError.resourceNotFound(message: "Requested resource not found: ResourceArn: \(arn) not found")
    }
}
