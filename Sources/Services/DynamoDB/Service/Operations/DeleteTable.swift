package import DynamoDBModel
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DeleteTableInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DeleteTable", resource: context.tableARN(input.tableName))]
    }

    /// The table is gone when the answer leaves; its items are removed afterwards, unless a system backup has them.
    package func deleteTable(
        _ input: DeleteTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> DeleteTableOutput {
        let reference = try TableReference(input.tableName, context)
        for _ in 0..<TableCatalog.attemptsMax {
            guard let table = try await self.catalog.snapshot(reference) else { throw .tableNotFound(reference) }
            switch table.descriptor.status(at: self.clock.now()) {
            case .creating: throw .tableInUse("Table is being created: \(reference.name)")
            case .deleting: throw .tableInUse("Table is being deleted: \(reference.name)")
            default: break
            }
            guard table.descriptor.indexInState(.creating) == nil, table.descriptor.indexInState(.deleting) == nil
            else {
                throw .tableInUse("Cannot delete table while indexes are being created, updated, or deleted.")
            }
            guard table.descriptor.status(at: self.clock.now()) != .updating else {
                throw .tableInUse("Table: \(reference.name) is in the process of being updated.")
            }
            // DEVIATION: AWS refuses it while a backup is made; here also while a restore or an export reads the table.
            guard table.descriptor.copies.isEmpty else {
                throw .tableInUse("Table is being backed up: \(reference.name)")
            }
            guard !table.descriptor.isDeletionProtected else {
                throw .validation(
                    "Resource cannot be deleted as it is currently protected against deletion. "
                        + "Disable deletion protection first."
                )
            }
            let heir = try await self.systemBackup(of: table.descriptor)
            if try await self.catalog.delete(reference, table, leavingItemsTo: heir.map { [$0] }) {
                self.startDiscarding()
                return DeleteTableOutput(tableDescription: table.descriptor.description(.deleting))
            }
        }
        throw TableCatalog.tooManyChanges
    }
}

extension ServiceError {
    /// The answer of operations on tables that something else holds.
    static func tableInUse(_ reason: String) -> ServiceError {
        DynamoDBError.resourceInUse(message: "Attempt to change a resource which is still in use: \(reason)")
    }
}
