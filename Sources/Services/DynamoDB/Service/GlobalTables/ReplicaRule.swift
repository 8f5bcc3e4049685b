internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// The replica updates of one UpdateTable request.
enum ReplicaAction: Sendable {
    case create(CreateReplicationGroupMemberAction)
    /// One for each region.
    case update([UpdateReplicationGroupMemberAction])
    case delete(Region)
    case disassociate(DisassociateReplicationGroupMemberAction)
}

/// The checks that UpdateTable makes on `ReplicaUpdates` and related parameters, independent of the table.
///
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
struct ReplicaRule {
    /// The region that received the request.
    let region: Region

    /// - Returns: nil for a request without replica updates.
    func action(_ input: UpdateTableInput) throws(ServiceError) -> ReplicaAction? {
        guard let updates = input.replicaUpdates else { return nil }
        let actions = try self.actions(updates)
        for region in actions.map(\.regionName) where region == self.region.description {
            if case .disassociate = actions[0] { continue }
            throw .validation(
                "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or "
                    + "UpdateTable as required.")
        }
        for action in actions { _ = try self.supported(action.regionName) }
        try self.checkConsistency(input, actions)
        switch actions[0] {
        case .create(let action): return .create(action)
        case .delete(let region): return .delete(try self.supported(region))
        case .disassociate(let action): return .disassociate(action)
        case .update:
            return .update(
                actions.compactMap { action in
                    if case .update(let update) = action { update } else { nil }
                })
        }
    }

    /// One element of the request.
    private enum Element {
        case create(CreateReplicationGroupMemberAction)
        case update(UpdateReplicationGroupMemberAction)
        case delete(String)
        case disassociate(DisassociateReplicationGroupMemberAction)

        var regionName: String {
            switch self {
            case .create(let action): action.regionName ?? ""
            case .update(let action): action.regionName
            case .delete(let region): region
            case .disassociate(let action): action.regionName
            }
        }

        /// From 0 to 3.
        var kind: Int {
            switch self {
            case .create: 0
            case .update: 1
            case .delete: 2
            case .disassociate: 3
            }
        }
    }

    private func actions(_ updates: [ReplicationGroupUpdate]) throws(ServiceError) -> [Element] {
        var elements: [Element] = []
        var regions = [Set<String>](repeating: [], count: 4)
        for update in updates {
            let given: [Element] = [
                update.create.map { .create($0) }, update.update.map { .update($0) },
                update.delete.map { .delete($0.regionName) }, update.disassociate.map { .disassociate($0) },
            ].compactMap(\.self)
            guard let element = given.first else { throw Self.noAction }
            guard given.count == 1 else { throw Self.severalKinds }
            if case .create(let action) = element, action.regionName == nil {
                throw .validation("One or more parameter values were invalid")
            }
            if case .update(let action) = element, !Self.changesAnything(action) { throw Self.noAction }
            // Duplicates are ignored.
            if regions[element.kind].insert(element.regionName).inserted { elements.append(element) }
        }
        guard let first = elements.first else { throw Self.noAction }
        guard elements.allSatisfy({ $0.kind == first.kind }) else { throw Self.severalKinds }
        return elements
    }

    private static func changesAnything(_ action: UpdateReplicationGroupMemberAction) -> Bool {
        action.kmsMasterKeyID != nil || action.provisionedThroughputOverride?.readCapacityUnits != nil
            || action.onDemandThroughputOverride?.maxReadRequestUnits != nil || action.tableClassOverride != nil
            || (action.globalSecondaryIndexes ?? []).contains {
                $0.provisionedThroughputOverride?.readCapacityUnits != nil
                    || $0.onDemandThroughputOverride?.maxReadRequestUnits != nil
            }
    }

    private static let noAction = ServiceError.validation(
        "There are no actions specified in the Replica Update Action of the request.")
    private static let severalKinds = ServiceError.validation(
        "Update table operation with more than one type of replica actions not allowed.")

    // Regions

    /// The regions that support replicas.
    ///
    /// AWS's order is known of the first thirteen.
    private static let regions = [
        "ap-south-2", "ap-south-1", "eu-south-1", "eu-south-2", "me-central-1", "il-central-1", "ca-central-1",
        "ap-east-2", "mx-central-1", "eu-central-1", "eu-central-2", "us-west-1", "us-west-2", "af-south-1",
        "eu-north-1", "eu-west-3", "eu-west-2", "eu-west-1", "ap-northeast-3", "ap-northeast-2", "me-south-1",
        "ap-northeast-1", "sa-east-1", "ap-east-1", "ca-west-1", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
        "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "us-east-1", "us-east-2",
    ]
    private static let otherPartitions = [
        "aws-cn": ["cn-north-1", "cn-northwest-1"], "aws-us-gov": ["us-gov-east-1", "us-gov-west-1"],
    ]

    /// The regions of a partition.
    static func regions(in partition: String) -> [String] { self.otherPartitions[partition] ?? self.regions }

    private func supported(_ name: String) throws(ServiceError) -> Region {
        let known = Self.regions(in: self.region.partition)
        guard known.contains(name), let region = Region(name) else {
            throw .validation(
                "Region \(name) is not supported. The latest version of global tables are only supported in the "
                    + "following regions: [\(known.joined(separator: ", "))]")
        }
        return region
    }

    // Consistency

    /// The regions that support strong consistency.
    private static let strongRegions: Set<String> = [
        "us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "ap-northeast-1",
        "ap-northeast-2", "ap-northeast-3",
    ]
    private static let strong = "MultiRegionConsistency set to STRONG"

    private func checkConsistency(_ input: UpdateTableInput, _ elements: [Element]) throws(ServiceError) {
        let witnesses = (input.globalTableWitnessUpdates ?? []).compactMap {
            $0.create?.regionName ?? $0.delete?.regionName
        }
        let isStrong = input.multiRegionConsistency == .strong
        guard isStrong || input.globalTableWitnessUpdates == nil else {
            throw .validation(
                "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present.")
        }
        guard input.multiRegionConsistency == nil || elements.allSatisfy({ $0.kind == 0 }) else {
            throw .validation(
                "Only Replica Create actions are supported when MultiRegionConsistency parameter is provided.")
        }
        guard isStrong else {
            guard elements.count == 1 || elements[0].kind == 1 else {
                throw .validation(
                    "Update table operation with more than one create or delete replica actions not allowed")
            }
            return
        }
        let regions = elements.map(\.regionName)
        guard regions.count + witnesses.count == 2 else {
            throw .validation("Unsupported replica count for global tables with \(Self.strong).")
        }
        let unsupported = ([self.region.description] + regions + witnesses).filter { !Self.strongRegions.contains($0) }
        guard unsupported.isEmpty else {
            throw .validation(
                "Unsupported Region(s) specified for global tables with \(Self.strong): "
                    + "[\(unsupported.joined(separator: ", "))].")
        }
        guard witnesses.allSatisfy({ !regions.contains($0) }) else {
            throw .validation("Cannot target multiple regions with the same action")
        }
        guard !witnesses.contains(self.region.description) else {
            throw .validation(
                "Cannot add a witness in the same region as an existing replica when creating a global table with "
                    + "\(Self.strong).")
        }
        // DEVIATION: strong consistency between regions is refused rather than promised without being provided.
        throw .validation(
            "MultiRegionConsistency STRONG is not supported by this version of Brume: its replicas are eventually "
                + "consistent")
    }
}

extension ServiceError {
    /// The error of a change to a table, or to one of its replicas, while another change is in progress.
    static let replicaInUse = DynamoDBError.resourceInUse(
        message: "The resource which you are attempting to change is in use.")

    static func replicaExists(_ table: String) -> ServiceError {
        .validation(
            "Failed to create a the new replica of table with name: ‘\(table)’ because one or more replicas already "
                + "existed as tables.")
    }

    /// The error of a second request for a replica that is CREATING.
    /// - Source: an answer recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    static func globalTableExists(_ group: TableGroup) -> ServiceError {
        let regions = group.all.map(\.region.description).sorted().joined(separator: ", ")
        return DynamoDBError.resourceInUse(
            message: "Global table with name: '\(group.own.name)' already exists with replicas in regions: "
                + "'\(regions)'.")
    }

    /// The error of a change to the list of replicas, or of a setting of all of them, while one is CREATING.
    static func replicaIsBeingAdded(_ replica: TableDescriptor) -> ServiceError {
        .validation(
            "Create/Update/Delete of replica is not allowed while the replica is being added to table with name: "
                + "‘\(replica.name)’ in region: ‘\(replica.region)’.")
    }

    static func notPartOfGlobalTable(_ regions: [String]) -> ServiceError {
        .validation(
            "Update global table operation failed because one or more replicas were not part of the global table. "
                + "Please retry the request without these replicas: [\(regions.joined(separator: ", "))].")
    }
}
