internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// A comparison of one attribute with values: an entry of a filter, of `Expected` or of `KeyConditions`.
///
/// Exists only if the number and the types of the values are valid for the operator.
/// - Source: DynamoDB API Reference, `Condition`, `ComparisonOperator`.
struct LegacyComparison: Sendable {
    let name: String
    let comparison: ComparisonOperator
    let values: [StoredValue]

    init(
        _ name: String, _ comparison: ComparisonOperator, _ values: [BoundAttributeValue]
    ) throws(ValidationFailure) {
        for value in values {
            if let failure = value.failure { throw ValidationFailure(failure.message) }
        }
        self.name = name
        self.comparison = comparison
        self.values = values.compactMap(\.stored)
        try self.checkCount()
        try self.checkTypes()
        try self.checkBounds()
    }

    /// The comparisons of a filter or of `KeyConditions`, in the order in which AWS checks them.
    static func list(
        _ conditions: [ExactName: DynamoDBModel.Condition]
    ) throws(ValidationFailure) -> [LegacyComparison] {
        var comparisons: [LegacyComparison] = []
        for name in LegacyParameters.ordered(conditions.keys) {
            guard let condition = conditions[name] else { continue }
            comparisons.append(
                try LegacyComparison(name.text, condition.comparisonOperator, condition.attributeValueList ?? [])
            )
        }
        return comparisons
    }

    private func checkCount() throws(ValidationFailure) {
        let isRight =
            switch self.comparison {
            case .null, .notNull: self.values.isEmpty
            case .in: !self.values.isEmpty
            case .between: self.values.count == 2
            default: self.values.count == 1
            }
        guard isRight else {
            throw .invalid("Invalid number of argument(s) for the \(self.comparison.rawValue) ComparisonOperator")
        }
    }

    private func checkTypes() throws(ValidationFailure) {
        guard let first = self.values.first else { return }
        guard self.values.allSatisfy({ $0.type == first.type }) else {
            throw .invalid("AttributeValues inside AttributeValueList must be of same type")
        }
        let isRight =
            switch self.comparison {
            case .eq, .ne: true
            case .beginsWith: first.type == .s || first.type == .b
            default: first.type == .s || first.type == .n || first.type == .b
            }
        guard isRight else {
            throw .invalid(
                "ComparisonOperator \(self.comparison.rawValue) is not valid for \(first.type.descriptor) "
                    + "AttributeValue type"
            )
        }
    }

    private func checkBounds() throws(ValidationFailure) {
        guard self.comparison == .between, let order = self.values[0].order(against: self.values[1]), order > 0 else {
            return
        }
        throw ValidationFailure(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )
    }
}
