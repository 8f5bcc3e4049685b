internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// Compiles `KeyConditions` to a key condition.
enum LegacyKeyCondition {
    /// The largest number of key attributes: an index can have four of each kind (November 2025).
    static let comparisonCountMax = 2 * KeySchema.elementCountMax

    static func keyCondition(
        _ conditions: [ExactName: DynamoDBModel.Condition]
    ) throws(ValidationFailure) -> KeyCondition {
        // AWS's sentence predates keys of more than two attributes.
        guard (1...self.comparisonCountMax).contains(conditions.count) else {
            throw ValidationFailure("Conditions can be of length 1 or 2 only")
        }
        return KeyCondition(
            try LegacyComparison.list(conditions).map { .init(name: $0.name, comparison: KeyComparison($0)) }
        )
    }
}

extension KeyComparison {
    /// - Returns: nil for a comparison that no key can be searched by.
    fileprivate init?(_ legacy: LegacyComparison) {
        let values = legacy.values
        switch legacy.comparison {
        case .eq: self = .equal(values[0])
        case .le: self = .lessOrEqual(values[0])
        case .lt: self = .less(values[0])
        case .ge: self = .greaterOrEqual(values[0])
        case .gt: self = .greater(values[0])
        case .beginsWith: self = .beginsWith(values[0])
        case .between: self = .between(values[0], values[1])
        default: return nil
        }
    }
}
