package import DynamoDBValues

/// A compiled update.
package struct UpdatePlan: Sendable {
    /// One action with its resolved target.
    struct Action: Sendable {
        let section: UpdateSection
        /// The index of its section in the text.
        let clause: Int
        let path: ArraySlice<PathStep>
        /// The operand, a node of the tree: the value to set, add or delete.
        let value: Int32?
    }

    let tree: SyntaxTree
    let actions: [Action]
    /// Whether the update was the parameter AttributeUpdates, for which AWS words a wrong type differently.
    let isLegacy: Bool

    /// The actions of AttributeUpdates; `tree` contains only their values.
    init(legacy actions: [Action], _ tree: SyntaxTree) {
        self.tree = tree
        self.actions = actions
        self.isLegacy = true
    }

    init(tree: SyntaxTree, actions: [WrittenAction]) {
        self.tree = tree
        self.isLegacy = false
        self.actions = actions.map { action in
            Action(
                section: action.section, clause: action.clause,
                path: tree.path(tree.nodes[Int(action.path)]), value: action.value
            )
        }
    }

    /// Refuses an update of a key attribute, and paths into key attributes.
    package func check(_ keys: KeyNames) throws(ValidationFailure) {
        for node in self.tree.nodes where node.kind == .path && !self.isTarget(node) {
            try keys.checkScalar(self.tree.path(node))
        }
        for action in self.actions { try keys.checkUpdate(action.path) }
        for action in self.actions { try keys.checkScalar(action.path) }
    }

    /// Every path of the update, both those read and those written.
    var paths: [ArraySlice<PathStep>] {
        // AttributeUpdates is not an expression: only its actions have paths.
        self.isLegacy
            ? self.actions.map(\.path)
            : self.tree.nodes.compactMap { $0.kind == .path ? self.tree.path($0) : nil }
    }

    /// The type of the value that the update sets a top-level attribute to; nil when the value is computed or not set.
    package func givenType(of name: String) -> AttributeType? {
        for action in self.actions where action.path.count == 1 {
            guard case .name(let target) = action.path.first, target.elementsEqual(name.utf8),
                let index = action.value
            else { continue }
            let node = self.tree.bare(index)
            return node.kind == .value ? self.tree.value(node).type : nil
        }
        return nil
    }

    private func isTarget(_ node: SyntaxNode) -> Bool {
        self.actions.contains { $0.path.startIndex == Int(node.first) }
    }

    /// The top-level attributes that the update writes, without duplicates, in the order of the text.
    package var attributeNames: [String] {
        var names: [String] = []
        var known: Set<ArraySlice<UInt8>> = []
        for case .name(let name)? in self.actions.map(\.path.first) where known.insert(name).inserted {
            names.append(String(decoding: name, as: UTF8.self))
        }
        return names
    }

    /// The part of an item that `UPDATED_OLD` (the item before) or `UPDATED_NEW` (the item after) shows.
    ///
    /// These are the paths of the update, as in a projection.
    /// - Returns: nil when there is nothing to show; the answer then has no `Attributes`.
    package func updatedAttributes(of item: AttributeMap?) -> AttributeMap? {
        guard let item else { return nil }
        let shown = Projection(self.actions.map(\.path)).apply(to: item)
        return shown.isEmpty ? nil : shown
    }

    /// The item after the update.
    ///
    /// Everything is computed from the original item. AWS reports, in this order: a target whose parent has the wrong
    /// type, an operand of a wrong type; then, section by section from the last, a target without a parent and an
    /// attribute that is read but missing; then numbers out of range. An item that is too large is refused too. `item`
    /// is nil when it does not exist yet; the new one starts from `key`.
    package func apply(to item: AttributeMap?, key: AttributeMap) throws(ValidationFailure) -> AttributeMap {
        let base = item ?? key
        var work = UpdateWork(self, base)
        try work.compute()
        let updated = base.replacing(try work.changes())
        guard !updated.isTooLarge else { throw .updatedItemTooLarge }
        return updated
    }
}

extension ValidationFailure {
    static let operandType = ValidationFailure(
        "An operand in the update expression has an incorrect data type"
    )
    static let updateType = ValidationFailure("Type mismatch for attribute to update")
    static let missingAttribute = ValidationFailure(
        "The provided expression refers to an attribute that does not exist in the item"
    )
    static let updatePath = ValidationFailure(
        "The document path provided in the update expression is invalid for update"
    )
    package static let updatedItemTooLarge = ValidationFailure(
        "Item size to update has exceeded the maximum allowed size"
    )
}
