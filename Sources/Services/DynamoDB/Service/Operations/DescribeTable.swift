package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    /// Items counted for a description; AWS's own figure is up to six hours old.
    static let countedItemsMax = 10_000

    package func access(_ input: DescribeTableInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DescribeTable", resource: context.tableARN(input.tableName))]
    }

    package func describeTable(
        _ input: DescribeTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeTableOutput {
        let reference = try TableReference(input.tableName, context)
        guard let table = try await self.catalog.snapshot(reference) else {
            throw DynamoDBError.resourceNotFound(
                message: "Requested resource not found: Table: \(reference.name) not found"
            )
        }
        let (count, bytes) = try await self.contents(of: table.descriptor)
        return DescribeTableOutput(table: table.descriptor.description(.active, itemCount: count, sizeBytes: bytes))
    }

    /// Number and size of the first items; larger tables show the bound.
    private func contents(of table: TableDescriptor) async throws(ServiceError) -> (count: Int, bytes: Int) {
        var range = KeyRange(prefix: table.space.prefix)
        var (count, bytes) = (0, 0)
        while !range.isEmpty, count < Self.countedItemsMax {
            let page = try await self.items.scan(range, limit: 100, byteLimit: 64 << 10, reverse: false)
            for entry in page.entries {
                count += 1
                bytes += try ItemStore.item(entry.record)?.itemBytes ?? 0
            }
            guard let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
        }
        return (count, bytes)
    }
}
