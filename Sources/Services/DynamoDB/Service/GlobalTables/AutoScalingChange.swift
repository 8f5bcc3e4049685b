internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// An UpdateTableReplicaAutoScaling request, applied to the replicas of a table.
///
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes. Errors of
///   Application Auto Scaling are passed on by AWS verbatim.
struct AutoScalingChange {
    typealias Dimension = ReplicaAutoScaling.Dimension

    /// AWS always uses its service-linked role, whatever role the request names.
    static let roleName =
        "aws-service-role/dynamodb.application-autoscaling.amazonaws.com/"
        + "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
    /// The valid target values, in percent of the capacity.
    static let targets = 10.0...90.0
    /// The range that Application Auto Scaling accepts for any metric.
    private static let anyTargets = 8.51592e-109...1.174271e108

    /// The table as the request names it.
    let name: String
    let input: UpdateTableReplicaAutoScalingInput
    let context: RequestContext

    static func roleARN(_ context: RequestContext) -> String {
        "arn:\(context.region.partition):iam::\(context.account):role/\(self.roleName)"
    }

    func apply(to group: inout TableGroup) throws(ServiceError) {
        try self.checkBilling(group)
        try self.checkPresence(group)
        if let update = self.input.provisionedWriteCapacityAutoScalingUpdate {
            try self.setWrites(Dimension(index: nil, isWrite: true), update, &group)
        }
        for given in self.input.globalSecondaryIndexUpdates ?? [] {
            guard let update = given.provisionedWriteCapacityAutoScalingUpdate else { continue }
            try self.setWrites(Dimension(index: given.indexName, isWrite: true), update, &group)
        }
        for replica in self.input.replicaUpdates ?? [] {
            if replica.regionName == group.own.region.description {
                try self.setReads(replica, &group.own)
            } else if let place = group.others.firstIndex(where: { $0.region.description == replica.regionName }) {
                try self.setReads(replica, &group.others[place])
            }
        }
    }

    /// For on-demand tables, auto scaling can be disabled but not enabled.
    private func checkBilling(_ group: TableGroup) throws(ServiceError) {
        guard group.own.isOnDemand else { return }
        var parameters: [String] = []
        func note(_ update: AutoScalingSettingsUpdate?, _ parameter: String) {
            guard let update, update.autoScalingDisabled != true, !parameters.contains(parameter) else { return }
            parameters.append(parameter)
        }
        note(
            self.input.provisionedWriteCapacityAutoScalingUpdate,
            "GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate")
        for index in self.input.globalSecondaryIndexUpdates ?? [] {
            note(index.provisionedWriteCapacityAutoScalingUpdate, "GlobalTableGlobalSecondaryIndexSettingsUpdate")
        }
        for replica in self.input.replicaUpdates ?? [] {
            note(
                replica.replicaProvisionedReadCapacityAutoScalingUpdate,
                "ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate")
            for index in replica.replicaGlobalSecondaryIndexUpdates ?? [] {
                note(index.provisionedReadCapacityAutoScalingUpdate, "ReplicaGlobalSecondaryIndexSettingsUpdate")
            }
        }
        guard !parameters.isEmpty else { return }
        let regions = group.all.map { "'\($0.region.description.uppercased())'" }.sorted()
        throw .validation(
            "Failed to update global table with name ‘\(self.name)‘. Replicas \(regions.joined(separator: ", ")) "
                + "BillingMode is PayPerRequest. You must convert table's BillingMode to PROVISIONED to set "
                + "parameters: "
                + parameters.map { "'\($0)'" }.joined(separator: ", ") + ".")
    }

    /// Checks that the replicas and indexes of the request exist; an index that is CREATING does not count.
    private func checkPresence(_ group: TableGroup) throws(ServiceError) {
        func missing(_ what: String) -> ServiceError {
            DynamoDBError.resourceNotFound(
                message: "Failed to update settings for global table with name: ‘\(self.name)’ because \(what).")
        }
        func isPresent(_ name: String?, _ table: TableDescriptor) -> Bool {
            name.flatMap { table.index($0) }.map { $0.isGlobal && $0.state == .active } ?? false
        }
        let replicas = self.input.replicaUpdates ?? []
        let tables = Dictionary(uniqueKeysWithValues: group.all.map { ($0.region.description, $0) })
        let regions = replicas.map(\.regionName).filter { tables[$0] == nil }
        guard regions.isEmpty else {
            throw missing("a replica does not exist in regions: ‘[\(regions.joined(separator: ", "))]’")
        }
        let indexes = (self.input.globalSecondaryIndexUpdates ?? []).map { $0.indexName ?? "" }
            .filter { !isPresent($0, group.own) }
        guard indexes.isEmpty else {
            throw missing(
                "the global secondary indexes with names: ‘[\(indexes.joined(separator: ", "))]’ do not exist")
        }
        for replica in replicas {
            for index in replica.replicaGlobalSecondaryIndexUpdates ?? [] {
                guard tables[replica.regionName].map({ isPresent(index.indexName, $0) }) == true else {
                    throw missing(
                        "a global secondary index with name: ‘\(index.indexName ?? "")’ does not exist in region: "
                            + "‘\(replica.regionName)’")
                }
            }
        }
    }

    private func setWrites(
        _ dimension: Dimension, _ update: AutoScalingSettingsUpdate, _ group: inout TableGroup
    ) throws(ServiceError) {
        try self.set(dimension, update, &group.own)
        for place in group.others.indices { try self.set(dimension, update, &group.others[place]) }
    }

    private func setReads(_ replica: ReplicaAutoScalingUpdate, _ table: inout TableDescriptor) throws(ServiceError) {
        if let update = replica.replicaProvisionedReadCapacityAutoScalingUpdate {
            try self.set(Dimension(index: nil, isWrite: false), update, &table)
        }
        for given in replica.replicaGlobalSecondaryIndexUpdates ?? [] {
            guard let update = given.provisionedReadCapacityAutoScalingUpdate else { continue }
            try self.set(Dimension(index: given.indexName, isWrite: false), update, &table)
        }
    }

    private func set(
        _ dimension: Dimension, _ update: AutoScalingSettingsUpdate, _ table: inout TableDescriptor
    ) throws(ServiceError) {
        guard update.autoScalingDisabled != true, let minimum = update.minimumUnits, let maximum = update.maximumUnits,
            let policy = update.scalingPolicyUpdate
        else {
            // `AutoScalingRule` admits no incomplete settings.
            table.replication?.autoScaling.settings[dimension] = nil
            return
        }
        let target = policy.targetTrackingScalingPolicyConfiguration
        let kind = dimension.isWrite ? "DynamoDBWriteCapacityUtilization" : "DynamoDBReadCapacityUtilization"
        guard minimum <= maximum else {
            throw self.passedOn("Maximum capacity cannot be less than minimum capacity")
        }
        guard Self.anyTargets.contains(target.targetValue) else {
            throw self.passedOn(
                "For target tracking scaling, target value must be between '8.51592E-109' and '1.174271E108', but was "
                    + "'\(target.targetValue)'.")
        }
        guard Self.targets.contains(target.targetValue) else {
            throw self.passedOn(
                "For predefined metric type \(kind), target value must be between '\(Self.targets.lowerBound)' and "
                    + "'\(Self.targets.upperBound)', but was '\(target.targetValue)'.")
        }
        if let role = update.autoScalingRoleARN, role != Self.roleARN(self.context) {
            throw self.passedOn(
                "User: arn:\(self.context.region.partition):sts::\(self.context.account):assumed-role/"
                    + "AWSServiceRoleForDynamoDBReplication is not authorized to perform: iam:PassRole on resource: "
                    + "\(role) because no identity-based policy allows the iam:PassRole action")
        }
        let place = dimension.index.map { "/index/\($0)" } ?? ""
        let policyName = policy.policyName ?? "\(kind):table/\(table.name)\(place)"
        table.replication?.autoScaling.settings[dimension] = ReplicaAutoScaling.Settings(
            minimum: minimum, maximum: maximum, policyName: policyName,
            target: target.targetValue, scaleInCooldown: target.scaleInCooldown,
            scaleOutCooldown: target.scaleOutCooldown, isScaleInDisabled: target.disableScaleIn)
    }

    private func passedOn(_ sentence: String) -> ServiceError {
        .validation(
            "\(sentence) (Service: AWSApplicationAutoScaling; Status Code: 400; Error Code: ValidationException; "
                + "Request ID: \(self.context.requestID); Proxy: null)")
    }
}

extension TableGroup {
    /// AWS's default for the writes of an index that is added to a provisioned global table.
    private static let newIndexBounds = 1...10
    private static let newIndexTarget = 70.0

    /// Enables auto scaling of the writes of newly added indexes, in every replica.
    mutating func scaleNewIndexes(since before: TableDescriptor) {
        guard self.own.replication != nil, !self.own.isOnDemand, !before.isOnDemand else { return }
        for index in self.own.indexes where index.isGlobal && before.index(index.name) == nil {
            let settings = ReplicaAutoScaling.Settings(
                minimum: Self.newIndexBounds.lowerBound, maximum: Self.newIndexBounds.upperBound,
                policyName: "DynamoDBWriteCapacityUtilization:table/\(self.own.name)/index/\(index.name)",
                target: Self.newIndexTarget)
            let dimension = ReplicaAutoScaling.Dimension(index: index.name, isWrite: true)
            self.own.replication?.autoScaling.settings[dimension] = settings
            for place in self.others.indices {
                self.others[place].replication?.autoScaling.settings[dimension] = settings
            }
        }
    }

    /// The DescribeTableReplicaAutoScaling description of a global table.
    func autoScalingDescription(
        _ status: TableStatus, _ context: RequestContext, _ replicaStatus: (TableDescriptor) -> ReplicaStatus
    ) -> TableAutoScalingDescription {
        let tables = self.all.sorted { $0.region.description < $1.region.description }
        return TableAutoScalingDescription(
            tableName: self.own.name, tableStatus: status,
            replicas: tables.map { table in
                ReplicaAutoScalingDescription(
                    regionName: table.region.description,
                    globalSecondaryIndexes: table.indexes.filter { $0.isGlobal && $0.state == .active }.map { index in
                        ReplicaGlobalSecondaryIndexAutoScalingDescription(
                            indexName: index.name, indexStatus: .active,
                            provisionedReadCapacityAutoScalingSettings: table.scaling(
                                index.name, isWrite: false, context),
                            provisionedWriteCapacityAutoScalingSettings: table.scaling(
                                index.name, isWrite: true, context))
                    },
                    replicaProvisionedReadCapacityAutoScalingSettings: table.scaling(nil, isWrite: false, context),
                    replicaProvisionedWriteCapacityAutoScalingSettings: table.scaling(nil, isWrite: true, context),
                    replicaStatus: replicaStatus(table))
            })
    }
}

extension TableDescriptor {
    fileprivate func scaling(
        _ index: String?, isWrite: Bool, _ context: RequestContext
    ) -> AutoScalingSettingsDescription {
        let dimension = ReplicaAutoScaling.Dimension(index: index, isWrite: isWrite)
        guard let settings = self.replication?.autoScaling.settings[dimension] else {
            return AutoScalingSettingsDescription(autoScalingDisabled: true, scalingPolicies: [])
        }
        let tracking = AutoScalingTargetTrackingScalingPolicyConfigurationDescription(
            disableScaleIn: settings.isScaleInDisabled, scaleInCooldown: settings.scaleInCooldown,
            scaleOutCooldown: settings.scaleOutCooldown, targetValue: settings.target)
        return AutoScalingSettingsDescription(
            minimumUnits: settings.minimum, maximumUnits: settings.maximum,
            // The settings are kept, without effect, while the table is on-demand.
            autoScalingDisabled: self.isOnDemand ? true : nil, autoScalingRoleARN: AutoScalingChange.roleARN(context),
            scalingPolicies: [
                AutoScalingPolicyDescription(
                    policyName: settings.policyName, targetTrackingScalingPolicyConfiguration: tracking)
            ])
    }
}
