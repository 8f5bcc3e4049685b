package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DescribeImportInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DescribeImport", resource: input.importARN)]
    }

    /// The counts are those of the objects that are done.
    package func describeImport(
        _ input: DescribeImportInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeImportOutput {
        DescribeImportOutput(
            importTableDescription: try await self.tableImport(input.importARN, context).description)
    }
}
