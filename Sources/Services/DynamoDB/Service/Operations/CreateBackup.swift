package import DynamoDBModel
internal import KeyValue
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: CreateBackupInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:CreateBackup", resource: context.tableARN(input.tableName))]
    }

    /// The backup is of the moment of its commit, from which on the table keeps its changes until the copy is complete.
    package func createBackup(
        _ input: CreateBackupInput, _ context: RequestContext
    ) async throws(ServiceError) -> CreateBackupOutput {
        let reference = try TableReference(input.tableName, context)
        guard try await self.catalog.snapshot(reference) != nil else { throw .sourceNotFound(reference) }
        guard try await !self.catalog.isBeingCreated(reference, at: self.clock.now()) else {
            throw .backupsUnavailable(reference.name)
        }
        let contents = try await self.catalog.newNumber()
        let copy = try await self.catalog.newNumber()
        let creation = self.clock.now()
        let id = CopyReference.newID(at: creation, self.random)
        do throws(ServiceError) {
            let backup = try await self.catalog.update(reference) { (table, writes) throws(ServiceError) in
                guard !table.isBeingFilled else {
                    throw DynamoDBError.tableInUse(message: "Table is being created: \(table.name)")
                }
                let backup = BackupDescriptor(
                    id: id,
                    name: input.backupName,
                    origin: .user,
                    table: table,
                    creation: creation,
                    contents: contents,
                    progress: .init(number: copy)
                )
                table.copies.append(RunningCopy(number: copy, since: creation))
                writes += [.set(backup.key, backup.encoded), .set(BackupKeys.work(.backup, backup.key), [])]
                return backup
            }.answer
            self.startWork(.backup)
            return CreateBackupOutput(backupDetails: backup.details(.creating))
        } catch  where error.code == "ResourceNotFoundException" {
            throw .sourceNotFound(reference)
        }
    }
}
