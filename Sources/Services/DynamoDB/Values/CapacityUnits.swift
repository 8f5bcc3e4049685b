/// The units that a read or a write consumes.
/// - Source: DynamoDB Developer Guide, "DynamoDB read and write capacity consumption".
package enum CapacityUnits {
    /// The consistency of a read, which determines its cost for each 4 KB.
    package enum ReadConsistency: Sendable, Hashable {
        case eventual, strong, transactional

        var factor: Double {
            switch self {
            case .eventual: 0.5
            case .strong: 1
            case .transactional: 2
            }
        }
    }

    package static let readUnitBytes = 4096
    package static let writeUnitBytes = 1024

    /// At least one unit of 4 KB, even if the item does not exist.
    package static func read(bytes: Int, _ consistency: ReadConsistency) -> Double {
        Double(max(1, (bytes + self.readUnitBytes - 1) / self.readUnitBytes)) * consistency.factor
    }

    /// The read of an item, or of a key without an item.
    /// - Complexity: O(1) for small items, which need not be measured: the stored form has at least half as many bytes
    ///   as are charged.
    package static func read(_ item: AttributeMap?, _ consistency: ReadConsistency) -> Double {
        guard let item, item.byteCount * 2 > self.readUnitBytes else { return consistency.factor }
        return self.read(bytes: item.itemBytes, consistency)
    }

    /// The write of an item; small items are not measured, as for `read`.
    package static func write(_ item: AttributeMap) -> Double {
        item.byteCount * 2 > self.writeUnitBytes ? self.write(bytes: item.itemBytes) : 1
    }

    /// At least one unit of 1 KB; the larger of the item before and after.
    package static func write(bytes: Int, isTransactional: Bool = false) -> Double {
        Double(max(1, (bytes + self.writeUnitBytes - 1) / self.writeUnitBytes)) * (isTransactional ? 2 : 1)
    }
}
