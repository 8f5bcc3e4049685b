internal import KeyValue
internal import ServiceKit
internal import ServiceModel

extension DynamoDBService {
    /// Starts backfilling or emptying an index, deleting a table that is DELETING, or disassociating a replica; does
    /// not wait for it.
    func startIndexWork(_ table: UInt64, _ index: UInt16) {
        guard index != IndexWork.wholeTable else {
            self.jobs.start("deletion of table \(table)") { await self.finishDeletion(table) }
            return
        }
        guard index != IndexWork.leaving else {
            self.jobs.start("disassociation of table \(table)") { await self.finishDisassociation(table) }
            return
        }
        self.jobs.start("index \(index) of table \(table)") {
            await IndexWorker(items: self.items, clock: self.clock, tableNumber: table, indexNumber: index).run()
        }
    }

    /// Resumes the work on all indexes being created or deleted, and on all tables that are DELETING.
    func resumeIndexWork() async {
        var range = CatalogKeys.indexWork
        do throws(ServiceError) {
            while !range.isEmpty {
                let page = try await self.items.scan(
                    range, limit: TableCatalog.sliceCountMax, byteLimit: TableCatalog.sliceBytesMax, reverse: false)
                for entry in page.entries {
                    guard let numbers = CatalogKeys.indexWorkNumbers(entry.key) else { continue }
                    self.startIndexWork(numbers.table, numbers.index)
                }
                guard let continuation = page.continuation else { return }
                range = range.continued(from: continuation, reverse: false)
            }
        } catch {
            // The error of the store is reported on /readyz; the marks stay for the next start.
            return
        }
    }
}
