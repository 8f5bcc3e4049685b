internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// Compiles `AttributeUpdates` to an update.
enum LegacyUpdate {
    /// - Returns: nil when there is nothing to update.
    static func plan(_ updates: [ExactName: AttributeValueUpdate]?) throws(ValidationFailure) -> UpdatePlan? {
        guard let updates, !updates.isEmpty else { return nil }
        var tree = SyntaxTree.none
        var actions: [UpdatePlan.Action] = []
        actions.reserveCapacity(updates.count)
        for name in LegacyParameters.ordered(updates.keys) {
            guard let update = updates[name] else { continue }
            guard !name.text.isEmpty else { throw .emptyAttributeName }
            try self.check(update)
            actions.append(
                UpdatePlan.Action(
                    section: update.section,
                    clause: 0,
                    path: [.name(Array(name.text.utf8)[...])],
                    value: update.value?.stored.map { tree.appendValue($0) }
                )
            )
        }
        try LegacyParameters.checkCount(actions.count { $0.section == .add || $0.section == .delete })
        return UpdatePlan(legacy: actions, tree)
    }

    private static func check(_ update: AttributeValueUpdate) throws(ValidationFailure) {
        guard let value = update.value else {
            guard update.action == .delete else {
                throw .invalid("Only DELETE action is allowed when no attribute value is specified")
            }
            return
        }
        if let failure = value.failure { throw ValidationFailure(failure.message) }
        guard let type = value.stored?.type else { return }
        if update.action == .delete, !type.isSet {
            throw .invalid("DELETE action with value is not supported for the type \(type.descriptor)")
        }
        // Lists are not documented here, but accepted: ADD appends to them.
        if update.action == .add, !type.isSet, type != .n, type != .l {
            throw .invalid("ADD action is not supported for the type \(type.descriptor)")
        }
    }
}

extension AttributeValueUpdate {
    /// The equivalent section of an update expression.
    fileprivate var section: UpdateSection {
        switch self.action {
        case .some(.add): .add
        case .some(.delete): self.value == nil ? .remove : .delete
        default: .set
        }
    }
}
