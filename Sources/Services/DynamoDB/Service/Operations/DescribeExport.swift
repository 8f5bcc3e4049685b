package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DescribeExportInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DescribeExport", resource: input.exportARN)]
    }

    package func describeExport(
        _ input: DescribeExportInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeExportOutput {
        DescribeExportOutput(exportDescription: try await self.export(input.exportARN, context).description)
    }
}
