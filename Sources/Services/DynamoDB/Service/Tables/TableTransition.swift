internal import DynamoDBModel
internal import Primitives

/// A state of a table that lasts until a given time: CREATING and UPDATING are followed by ACTIVE, DELETING by the
/// deletion.
struct TableTransition: Sendable, Equatable {
    enum Kind: String, Sendable, Hashable {
        case creating = "CREATING"
        case updating = "UPDATING"
        case deleting = "DELETING"
    }

    var kind: Kind
    var end: Timestamp
}

extension DynamoDBService {
    /// nil unless the server is configured to take time for the states of tables.
    func transition(_ kind: TableTransition.Kind, from now: Timestamp) -> TableTransition? {
        guard self.transitionMilliseconds > 0 else { return nil }
        let end = now.millisecondsSinceEpoch + self.transitionMilliseconds
        return TableTransition(kind: kind, end: Timestamp(millisecondsSinceEpoch: end))
    }
}

/// The state of a secondary or vector index.
enum IndexState: String, Sendable, Hashable {
    case active = "ACTIVE"
    /// Each write of an item maintains the index, and a job adds the older items.
    case creating = "CREATING"
    /// Writes ignore the index, and a job removes its entries.
    case deleting = "DELETING"
}

extension TableDescriptor {
    func status(at now: Timestamp) -> TableStatus {
        if self.isBeingFilled { return .creating }
        if let transition = self.transition {
            switch transition.kind {
            case .deleting: return .deleting
            case .creating: if now < transition.end { return .creating }
            case .updating: if now < transition.end { return .updating }
            }
        }
        return self.indexInState(.deleting) == nil ? .active : .updating
    }

    /// Whether it is CREATING because it was just created, and not because a job fills it.
    func isBeingCreated(at now: Timestamp) -> Bool {
        !self.isBeingFilled && self.status(at: now) == .creating
    }

    /// Whether it is a replica that is CREATING. It exists only for DescribeTable, DeleteTable and changes of replicas.
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    func isReplicaBeingAdded(at now: Timestamp) -> Bool {
        self.replication != nil && self.status(at: now) == .creating
    }

    /// Whether items can be read and written; before and afterwards, item operations do not find the table.
    func servesItems(at now: Timestamp) -> Bool {
        guard !self.isBeingFilled else { return false }
        guard let transition = self.transition else { return true }
        switch transition.kind {
        case .creating: return now >= transition.end
        case .updating: return true
        case .deleting: return false
        }
    }

    /// The name of the first index in a state.
    func indexInState(_ state: IndexState) -> String? {
        self.indexes.first { $0.state == state }?.name ?? self.vectorIndexes.first { $0.state == state }?.name
    }
}
