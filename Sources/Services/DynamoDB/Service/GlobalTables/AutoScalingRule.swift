internal import DynamoDBModel
internal import DynamoDBValues

/// The checks of an UpdateTableReplicaAutoScaling request that precede looking up the table.
///
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
struct AutoScalingRule {
    /// The table as the request names it.
    let table: String

    func check(_ input: UpdateTableReplicaAutoScalingInput) throws(ValidationFailure) {
        let replicas = input.replicaUpdates ?? []
        let indexes = input.globalSecondaryIndexUpdates ?? []
        guard input.provisionedWriteCapacityAutoScalingUpdate != nil || !indexes.isEmpty || !replicas.isEmpty else {
            throw ValidationFailure(
                "Failed to update settings for global table with name: ‘\(self.table)’ because at least one update "
                    + "parameter must be specified."
            )
        }
        var regions: Set<String> = []
        let repeated = Set(replicas.map(\.regionName).filter { !regions.insert($0).inserted }).sorted()
        guard repeated.isEmpty else {
            throw ValidationFailure(
                "Failed to update settings for global table with name: ‘\(self.table)’ because the regions: "
                    + "‘[\(repeated.joined(separator: ", "))]’ were specified more than once."
            )
        }
        try self.check(input.provisionedWriteCapacityAutoScalingUpdate)
        for index in indexes { try self.check(index.provisionedWriteCapacityAutoScalingUpdate) }
        for replica in replicas {
            let ofIndexes = replica.replicaGlobalSecondaryIndexUpdates ?? []
            guard replica.replicaProvisionedReadCapacityAutoScalingUpdate != nil || !ofIndexes.isEmpty else {
                throw ValidationFailure(
                    "Failed to update settings for global table with name: ‘\(self.table)’ because at least one "
                        + "update parameter must be specified for region: ‘\(replica.regionName)’."
                )
            }
            try self.check(replica.replicaProvisionedReadCapacityAutoScalingUpdate)
            for index in ofIndexes { try self.check(index.provisionedReadCapacityAutoScalingUpdate) }
        }
    }

    /// Requires both bounds and a policy, or none of them with scaling disabled.
    private func check(_ update: AutoScalingSettingsUpdate?) throws(ValidationFailure) {
        guard let update else { return }
        // In AWS's order.
        let given: KeyValuePairs = [
            "MaximumUnits": update.maximumUnits != nil,
            "ScalingPolicyUpdate": update.scalingPolicyUpdate != nil,
            "MinimumUnits": update.minimumUnits != nil,
        ]
        func names(isGiven: Bool) -> String {
            given.filter { $0.value == isGiven }.map { "'\($0.key)'" }.joined(separator: ", ")
        }
        if update.autoScalingDisabled == true {
            guard given.allSatisfy({ !$0.value }) else {
                throw ValidationFailure(
                    "Failed to update settings for global table with name ‘\(self.table)’: Parameters "
                        + "\(names(isGiven: true)) must be left blank when disabling auto scaling."
                )
            }
        } else {
            guard given.allSatisfy(\.value) else {
                throw ValidationFailure(
                    "Failed to update settings for global table with name: ‘\(self.table)’: Parameters "
                        + "\(names(isGiven: false)) are required unless auto scaling is being disabled."
                )
            }
        }
    }
}
