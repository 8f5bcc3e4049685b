package import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: DescribeTableInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DescribeTable", resource: context.tableARN(input.tableName))]
    }

    package func describeTable(
        _ input: DescribeTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeTableOutput {
        let reference = try TableReference(input.tableName, context, refusing: .constraint)
        guard let group = try await self.catalog.group(reference) else { throw .tableNotFound(reference) }
        let table = group.own
        let now = self.clock.now()
        let statistics = try await self.items.statistics(table.space)
        var indexStatistics: [String: TableStatistics] = [:]
        for index in table.indexes {
            indexStatistics[index.name] = try await self.items.statistics(table.space(of: index))
        }
        for index in table.vectorIndexes {
            indexStatistics[index.name] = try await self.items.statistics(table.space(of: index)) {
                VectorEntry(stored: $0)?.chargedBytes
            }
        }
        var description = table.description(
            table.status(at: now), at: now, statistics: statistics, indexStatistics: indexStatistics)
        description.show(group, at: now)
        return DescribeTableOutput(table: description)
    }
}

extension ServiceError {
    /// The error of table operations on a table that does not exist.
    static func tableNotFound(_ reference: TableReference) -> ServiceError {
        DynamoDBError.resourceNotFound(
            message: "Requested resource not found: Table: \(reference.name) not found"
        )
    }
}
