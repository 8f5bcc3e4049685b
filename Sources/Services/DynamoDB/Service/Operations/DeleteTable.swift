package import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DeleteTableInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DeleteTable", resource: context.tableARN(input.tableName))]
    }

    /// The table is gone when the answer leaves; its items are removed afterwards.
    package func deleteTable(
        _ input: DeleteTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> DeleteTableOutput {
        let reference = try TableReference(input.tableName, context)
        for _ in 0..<TableCatalog.attemptsMax {
            guard let table = try await self.catalog.snapshot(reference) else { throw .tableNotFound(reference) }
            guard !table.descriptor.isDeletionProtected else {
                throw .validation(
                    "Resource cannot be deleted as it is currently protected against deletion. "
                        + "Disable deletion protection first."
                )
            }
            if try await self.catalog.delete(reference, table) {
                self.startDiscarding()
                return DeleteTableOutput(tableDescription: table.descriptor.description(.deleting))
            }
        }
        throw TableCatalog.tooManyChanges
    }
}
