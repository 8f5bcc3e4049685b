package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UpdateTableInput, _ context: RequestContext) -> [ResourceAccess] {
        let table = ResourceAccess(action: "dynamodb:UpdateTable", resource: context.tableARN(input.tableName))
        return [table] + ReplicaAccess.resources(input, context)
    }

    /// Order of checks: which changes can be combined, the table, its state, then each change.
    ///
    /// All changes of a request are one commit. What AWS does in the background afterwards is done at once, except for
    /// backfilling and emptying indexes; the answer is still AWS's, so it may say UPDATING.
    package func updateTable(
        _ input: UpdateTableInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateTableOutput {
        let reference = try TableReference(input.tableName, context, refusing: .constraint)
        let input = UpdateRule.effective(input)
        try validating { () throws(ValidationFailure) in try UpdateRule.check(input) }
        try Self.refuseIneffectiveParameters(input)
        let now = self.clock.now()
        let update = TableUpdate(
            input: input, context: context, now: now, transitionMilliseconds: self.transitionMilliseconds)
        if let action = try ReplicaRule(region: context.region).action(input) {
            return UpdateTableOutput(tableDescription: try await self.updateReplicas(reference, action, update))
        }
        let (group, answer) = try await self.catalog.updateGroup(reference) { (group, writes) throws(ServiceError) in
            try Self.checkReplicas(group, input, at: now)
            let before = group
            let outcome = try update.apply(to: &group.own, &writes)
            group.scaleNewIndexes(since: before.own)
            let tasks = try group.spread(from: before.own, at: now, &writes)
            var description = update.description(before.own, group.own, outcome)
            // Overrides are determined from the former units, which the answer shows.
            var shown = before
            shown.own.replication = group.own.replication
            description.show(shown, at: now)
            return (outcome.workNumber, tasks, description)
        }
        if let number = answer.0 { self.startIndexWork(group.own.number, number) }
        for task in answer.1 { self.startIndexWork(task.table, task.index) }
        return UpdateTableOutput(tableDescription: answer.2)
    }

    /// Refuses changes that a table with replicas does not allow, or not at present.
    private static func checkReplicas(
        _ group: TableGroup, _ input: UpdateTableInput, at now: Timestamp
    ) throws(ServiceError) {
        guard group.own.replication != nil else {
            guard input.disassociationProtectionEnabled == nil else {
                throw .invalid("DisassociationProtectionEnabled can only be specified for a replica of a global table")
            }
            return
        }
        guard input.streamSpecification?.streamEnabled != false else {
            throw .invalid("Disabling Stream is not allowed for a Global Table replica.")
        }
        // A replica that is CREATING exists only for DescribeTable.
        guard !group.own.isBeingFilled else { throw .tableNotFound(group.own.reference) }
        try self.checkReplicasIdle(group, at: now)
        guard input.globalSecondaryIndexUpdates?.contains(where: { $0.create != nil || $0.delete != nil }) != true,
            input.vectorIndexUpdates == nil
        else {
            guard group.others.allSatisfy({ $0.indexInState(.creating) == nil && $0.indexInState(.deleting) == nil })
            else { throw .tooManyOnlineIndexes }
            if input.globalSecondaryIndexUpdates?.contains(where: { $0.create != nil }) == true {
                try group.own.checkIndexScaling()
            }
            return
        }
    }

    // DEVIATION: parameters whose omission would yield a different table are refused: here, replicas in other accounts.
    private static func refuseIneffectiveParameters(_ input: UpdateTableInput) throws(ServiceError) {
        guard input.globalTableSettingsReplicationMode != nil else { return }
        throw .validation(
            "The parameter GlobalTableSettingsReplicationMode is not supported by this version of Brume")
    }
}
