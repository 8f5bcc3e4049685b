internal import DynamoDBModel
internal import DynamoDBValues

/// Which changes can be combined in one UpdateTable request, independent of the table.
///
/// - Source: the sentences and their precedence as a laboratory of the AWS Controllers for Kubernetes recorded them on
///   AWS in October 2026. Most changes cannot be combined.
enum UpdateRule {
    static func check(_ input: UpdateTableInput) throws(ValidationFailure) {
        let indexUpdates = input.globalSecondaryIndexUpdates
        let vectorUpdates = input.vectorIndexUpdates
        try self.checkSomethingChanges(input)
        if indexUpdates?.isEmpty == true { throw .invalid("List of GlobalSecondaryIndexUpdates is empty") }
        if vectorUpdates?.isEmpty == true { throw .invalid("List of VectorIndexUpdates is empty") }
        try self.checkActions(indexUpdates ?? [])
        try self.checkWarm(indexUpdates ?? [])
        try self.checkActions(vectorUpdates ?? [])
        try self.checkSingle(input)
        try self.checkPairs(input)
    }

    /// The members of a request that change a table, with AWS's names for them.
    private static func members(_ input: UpdateTableInput) -> KeyValuePairs<String, Bool> {
        [
            "ProvisionedThroughput": input.provisionedThroughput != nil, "BillingMode": input.billingMode != nil,
            "UpdateStreamEnabled": input.streamSpecification != nil,
            "GlobalSecondaryIndexUpdates": input.globalSecondaryIndexUpdates?.isEmpty == false,
            "SSESpecification": input.sseSpecification != nil, "ReplicaUpdates": input.replicaUpdates != nil,
            "DeletionProtectionEnabled": input.deletionProtectionEnabled != nil,
            "OnDemandThroughput": input.onDemandThroughput != nil, "WarmThroughput": input.warmThroughput != nil,
            "TableClass": input.tableClass != nil, "VectorIndexUpdates": input.vectorIndexUpdates?.isEmpty == false,
            "GlobalTableSettingsReplicationMode": input.globalTableSettingsReplicationMode != nil,
            "DisassociationProtectionEnabled": input.disassociationProtectionEnabled != nil,
        ]
    }

    private static func checkSomethingChanges(_ input: UpdateTableInput) throws(ValidationFailure) {
        guard !self.members(input).contains(where: { $0.value }) else { return }
        // AWS omits the members that the request has; no other listed member can be present.
        let consistency = input.multiRegionConsistency == nil ? "MultiRegionConsistency, " : ""
        throw ValidationFailure(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
                + "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, \(consistency)"
                + "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"
        )
    }

    private static func checkActions(_ updates: [GlobalSecondaryIndexUpdate]) throws(ValidationFailure) {
        var names: Set<String> = []
        for update in updates {
            let given = [update.update?.indexName, update.create?.indexName, update.delete?.indexName]
            let actions = given.compactMap(\.self)
            guard let name = actions.first else {
                throw .invalid(
                    "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                        + "GlobalSecondaryIndexUpdate.Delete must not be null"
                )
            }
            guard actions.count == 1 else {
                throw .invalid(
                    "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"
                )
            }
            guard names.insert(name).inserted else {
                throw .invalid(
                    "Only one global secondary index update per index is allowed simultaneously. Index: \(name)"
                )
            }
        }
    }

    private static func checkActions(_ updates: [VectorIndexUpdate]) throws(ValidationFailure) {
        for update in updates {
            guard update.create != nil || update.delete != nil else {
                throw .invalid("One of VectorIndexUpdate.Create, VectorIndexUpdate.Delete must not be null")
            }
            guard update.create == nil || update.delete == nil else {
                throw .invalid("Only one vector index action is allowed per VectorIndexUpdate object")
            }
        }
    }

    /// Changes that cannot be combined; of several, AWS names the first of these.
    private static func checkSingle(_ input: UpdateTableInput) throws(ValidationFailure) {
        let count = self.members(input).reduce(0) { $0 + ($1.value ? 1 : 0) }
        guard count > 1 else { return }
        if input.replicaUpdates != nil, input.multiRegionConsistency == .strong {
            throw ValidationFailure("Requests that modify replicas or witnesses must not also modify other fields")
        }
        if input.replicaUpdates != nil {
            throw .invalid("Replica modification must be the only operation in the request")
        }
        if input.sseSpecification != nil {
            throw .invalid("Server-Side Encryption modification must be the only operation in the request")
        }
        if input.tableClass != nil {
            throw .invalid("TableClass modification must be the only operation in the request")
        }
        if input.deletionProtectionEnabled != nil {
            throw .invalid("DeletionProtection modification must be the only operation in the request")
        }
        if input.disassociationProtectionEnabled != nil {
            throw .invalid("DisassociationProtection modification must be the only operation in the request")
        }
        if input.warmThroughput != nil { try self.checkWarm(input, count) }
        if input.onDemandThroughput != nil, count > (input.billingMode == nil ? 1 : 2) {
            throw .invalid("OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")
        }
    }

    /// AWS checks this before it looks up the table, and before the combination of changes.
    private static func checkWarm(_ updates: [GlobalSecondaryIndexUpdate]) throws(ValidationFailure) {
        for case let update? in updates.map(\.update) where update.warmThroughput?.isEmpty == true {
            throw .invalid(
                "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for "
                    + "index: \(update.indexName)")
        }
    }

    /// Warm throughput of the table can be combined with updates of indexes, as in an example of the Developer Guide.
    private static func checkWarm(_ input: UpdateTableInput, _ count: Int) throws(ValidationFailure) {
        let updates = input.globalSecondaryIndexUpdates ?? []
        if updates.contains(where: { $0.create != nil }) {
            throw .invalid("Create global secondary index cannot be specified when updating WarmThroughput")
        }
        guard count == 2, !updates.isEmpty, updates.allSatisfy({ $0.update != nil }) else {
            throw .invalid("WarmThroughput must be the only operation in the request")
        }
    }

    private static func checkPairs(_ input: UpdateTableInput) throws(ValidationFailure) {
        let changesUnits = input.provisionedThroughput != nil || input.billingMode == .provisioned
        let changesStream = input.streamSpecification != nil
        if changesStream, changesUnits {
            throw .invalid("You cannot modify stream status while updating table IOPS")
        }
        let changesIndexes =
            input.globalSecondaryIndexUpdates?.contains { $0.create != nil || $0.delete != nil } == true
            || input.vectorIndexUpdates?.isEmpty == false
        guard changesIndexes else { return }
        if changesUnits { throw .invalid("You cannot create or delete index while updating table IOPS") }
        if changesStream { throw .invalid("You cannot create or delete index while changing stream status") }
    }
}

extension UpdateRule {
    /// The request without empty unit specifications: beside other changes, AWS ignores them.
    static func effective(_ input: UpdateTableInput) -> UpdateTableInput {
        var effective = input
        for place in (input.globalSecondaryIndexUpdates ?? []).indices
        where input.globalSecondaryIndexUpdates?[place].update?.onDemandThroughput?.isEmpty == true {
            effective.globalSecondaryIndexUpdates?[place].update?.onDemandThroughput = nil
        }
        if input.onDemandThroughput?.isEmpty == true { effective.onDemandThroughput = nil }
        if input.warmThroughput?.isEmpty == true { effective.warmThroughput = nil }
        // Without other changes they cause an internal error of AWS; here they are refused.
        guard self.members(effective).contains(where: { $0.value }) else { return input }
        return effective
    }
}

extension OnDemandThroughput {
    fileprivate var isEmpty: Bool { self.maxReadRequestUnits == nil && self.maxWriteRequestUnits == nil }
}

extension WarmThroughput {
    fileprivate var isEmpty: Bool { self.readUnitsPerSecond == nil && self.writeUnitsPerSecond == nil }
}
