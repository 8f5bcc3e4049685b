package import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: CreateTableInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:CreateTable", resource: context.tableARN(input.tableName))]
    }

    /// The table can be used at once; the answer says CREATING, as AWS's does, and DescribeTable says ACTIVE.
    package func createTable(
        _ input: CreateTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> CreateTableOutput {
        if !input.tableName.hasPrefix("arn:"), !(3...255).contains(input.tableName.utf8.count) {
            throw .validation("TableName must be at least 3 characters long and at most 255 characters long")
        }
        let reference = try TableReference(input.tableName, context)
        let definition = try validating { () throws(ValidationFailure) in try TableDefinition(input) }
        try Self.refuseWhatIsNotStored(input)
        let descriptor = try await self.catalog.create(reference) { number in
            var table = TableDescriptor(
                name: reference.name,
                account: reference.account,
                region: reference.region,
                number: number,
                tableID: RequestID.uuid(self.random).description,
                creation: context.time,
                schema: definition.schema,
                indexes: definition.indexes,
                isOnDemand: definition.isOnDemand,
                throughput: definition.throughput
            )
            table.isDeletionProtected = input.deletionProtectionEnabled ?? false
            table.tableClass = input.tableClass?.rawValue
            return table
        }
        return CreateTableOutput(tableDescription: descriptor.description(.creating))
    }

    /// Parameters whose effect does not exist here yet are refused: a table without the stream, the tags or the policy
    /// that was asked for is not the table that was asked for.
    private static func refuseWhatIsNotStored(_ input: CreateTableInput) throws(ServiceError) {
        let given: KeyValuePairs = [
            "StreamSpecification": input.streamSpecification?.streamEnabled == true,
            "ResourcePolicy": input.resourcePolicy != nil,
            "GlobalTableSourceArn": input.globalTableSourceARN != nil,
            "VectorIndexes": input.vectorIndexes != nil,
        ]
        guard let name = given.first(where: { $0.value })?.key else { return }
        throw .validation("The parameter \(name) is not supported by this version of Brume")
    }
}
