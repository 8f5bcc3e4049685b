internal import DynamoDBModel
internal import DynamoDBValues

/// `Select`, `ProjectionExpression` and the index's projection together: what a Query or Scan returns.
/// - Source: DynamoDB API Reference, Query, `Select`.
struct SelectRule {
    let countsOnly: Bool

    init(_ select: Select?, hasProjection: Bool, index: IndexDescriptor?) throws(ValidationFailure) {
        self.countsOnly = select == .count
        switch select {
        case .allProjectedAttributes? where index == nil:
            throw .invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
        case .specificAttributes? where !hasProjection:
            throw .invalid(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
            )
        case let other? where other != .specificAttributes && hasProjection:
            let name = "ProjectionExpression"
            throw .invalid("Cannot specify the \(name) when choosing to get \(other.rawValue)")
        case .allAttributes?:
            if let index, index.isGlobal, index.projection != .all {
                throw .invalid(
                    "Select type ALL_ATTRIBUTES is not supported for global secondary index \(index.name) because its "
                        + "projection type is not ALL"
                )
            }
        default:
            break
        }
    }

    /// Whether items of an index must be completed from the table: local indexes only, when more is wanted than they
    /// hold.
    static func fetches(_ select: Select?, hasProjection: Bool, index: IndexDescriptor?) -> Bool {
        guard let index, !index.isGlobal, index.projection != .all else { return false }
        return select == .allAttributes || hasProjection
    }
}
