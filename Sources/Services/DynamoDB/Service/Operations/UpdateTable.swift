package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UpdateTableInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:UpdateTable", resource: context.tableARN(input.tableName))]
    }

    /// Order of checks: what may stand together, the table, its state, then each change.
    ///
    /// All changes of a request are one commit. What AWS does in the background afterwards is done at once, but for the
    /// filling and emptying of indexes; the answer is AWS's none the less, so that it may say UPDATING.
    package func updateTable(
        _ input: UpdateTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateTableOutput {
        let reference = try TableReference(input.tableName, context)
        try validating { () throws(ValidationFailure) in try UpdateRule.check(input) }
        try Self.refuseWhatHasNoEffect(input)
        let update = TableUpdate(
            input: input, context: context, now: self.clock.now(), transitionMilliseconds: self.transitionMilliseconds)
        let (table, answer) = try await self.catalog.update(reference) { (table, writes) throws(ServiceError) in
            let before = table
            let outcome = try update.apply(to: &table, &writes)
            return (outcome.workNumber, update.description(before, table, outcome))
        }
        if let number = answer.0 { self.startIndexWork(table.number, number) }
        return UpdateTableOutput(tableDescription: answer.1)
    }

    // DEVIATION: what would make another table of it than the one that was asked for is refused: replicas.
    private static func refuseWhatHasNoEffect(_ input: UpdateTableInput) throws(ServiceError) {
        let given: KeyValuePairs = [
            "ReplicaUpdates": input.replicaUpdates != nil,
            "GlobalTableWitnessUpdates": input.globalTableWitnessUpdates != nil,
            "MultiRegionConsistency": input.multiRegionConsistency != nil,
            "GlobalTableSettingsReplicationMode": input.globalTableSettingsReplicationMode != nil,
            "DisassociationProtectionEnabled": input.disassociationProtectionEnabled != nil,
        ]
        guard let name = given.first(where: { $0.value })?.key else { return }
        throw .validation("The parameter \(name) is not supported by this version of Brume")
    }
}
