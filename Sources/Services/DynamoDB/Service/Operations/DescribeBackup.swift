package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DescribeBackupInput, _ context: RequestContext) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:DescribeBackup",
                resource: CopyReference.resource(backup: input.backupARN, lookup: .regionOfRequest, context))
        ]
    }

    package func describeBackup(
        _ input: DescribeBackupInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeBackupOutput {
        let backup = try await self.backup(input.backupARN, lookup: .regionOfRequest, context).backup
        return DescribeBackupOutput(backupDescription: backup.description(backup.status, as: input.backupARN))
    }
}
