package import DynamoDBModel
internal import DynamoDBValues
internal import Policy
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: CreateTableInput, _ context: RequestContext) -> [ResourceAccess] {
        let table = context.tableARN(input.tableName)
        let tagKeys = TagRule.conditionKeys(input.tags ?? [])
        var accesses = [ResourceAccess(action: "dynamodb:CreateTable", resource: table, conditionKeys: tagKeys)]
        // AWS requires it even for an empty list of tags.
        if input.tags != nil {
            accesses.append(ResourceAccess(action: "dynamodb:TagResource", resource: table, conditionKeys: tagKeys))
        }
        if input.resourcePolicy != nil {
            accesses.append(ResourceAccess(action: "dynamodb:PutResourcePolicy", resource: table))
        }
        return accesses
    }

    /// The answer says CREATING, as AWS's does. DescribeTable says ACTIVE at once, and the table can be used, unless
    /// the server is configured to take time for the states of tables.
    package func createTable(
        _ input: CreateTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> CreateTableOutput {
        let reference = try TableReference(input.tableName, context)
        let definition = try validating { () throws(ValidationFailure) in try TableDefinition(input, context) }
        try Self.refuseIneffectiveParameters(input)
        let policy = try Self.policy(input, context)
        let tableID = RequestID.uuid(self.random).description
        let creation = self.clock.now()
        let revision = creation.millisecondsSinceEpoch
        let descriptor = try await self.catalog.create(reference) { number in
            var table = definition.table(reference, number, id: tableID, at: creation)
            table.transition = self.transition(.creating, from: creation)
            table.isDeletionProtected = input.deletionProtectionEnabled ?? false
            table.tableClass = input.tableClass?.rawValue
            if let viewType = definition.streamViewType { table.enableStream(viewType, at: creation) }
            table.policies.table = policy.map { TablePolicies.Slot(document: $0, revision: revision) }
            return table
        }
        return CreateTableOutput(tableDescription: descriptor.description(.creating))
    }

    /// The policy that applies from the table's creation on.
    private static func policy(
        _ input: CreateTableInput, _ context: RequestContext
    ) throws(ServiceError) -> PolicyDocument? {
        guard let text = input.resourcePolicy else { return nil }
        return try validating { () throws(ValidationFailure) in
            try PolicyRule.document(text, isForStream: false, partition: context.region.partition)
        }
    }

    // DEVIATION: parameters whose omission would yield a different table are refused: here, those that would make it a
    // replica.
    private static func refuseIneffectiveParameters(_ input: CreateTableInput) throws(ServiceError) {
        let given: KeyValuePairs = [
            "GlobalTableSourceArn": input.globalTableSourceARN != nil,
            "GlobalTableSettingsReplicationMode": input.globalTableSettingsReplicationMode != nil,
        ]
        guard let name = given.first(where: { $0.value })?.key else { return }
        throw .validation("The parameter \(name) is not supported by this version of Brume")
    }
}
