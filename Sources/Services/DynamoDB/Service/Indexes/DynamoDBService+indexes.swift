internal import KeyValue
internal import ServiceKit
internal import ServiceModel

extension DynamoDBService {
    /// Begins to fill or to empty an index, to take away a table that is DELETING, or to let a replica leave its global
    /// table, and does not wait for it.
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

    /// Goes on with every index that a stop left half made or half deleted, and every table that is DELETING.
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
            // The store says on /readyz what is wrong; the marks stay for the next start.
            return
        }
    }
}
