package import DynamoDBValues

/// A compiled update.
package struct UpdatePlan: Sendable {
    /// One action with its resolved target.
    struct Action: Sendable {
        let section: UpdateSection
        /// Which section of the text it stands in.
        let clause: Int
        let path: ArraySlice<PathStep>
        /// What is set, added or deleted; a node of the tree.
        let value: Int32?
    }

    let tree: SyntaxTree
    let actions: [Action]
    /// Whether this was the parameter AttributeUpdates, of which AWS words a wrong type differently.
    let isLegacy: Bool

    /// The actions of AttributeUpdates; `tree` has their values and nothing else.
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

    /// Refuses an update of the key, and paths into key attributes.
    package func check(_ keys: KeyNames) throws(ValidationFailure) {
        for node in self.tree.nodes where node.kind == .path && !self.isTarget(node) {
            try keys.checkScalar(self.tree.path(node))
        }
        for action in self.actions { try keys.checkUpdate(action.path) }
        for action in self.actions { try keys.checkScalar(action.path) }
    }

    /// Every path of the update, those that are read and those that are written.
    var paths: [ArraySlice<PathStep>] {
        // What is no expression has its paths in its actions alone.
        self.isLegacy
            ? self.actions.map(\.path)
            : self.tree.nodes.compactMap { $0.kind == .path ? self.tree.path($0) : nil }
    }

    /// The type of the value that the update gives a top-level attribute; nil when it computes one, or leaves it.
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

    /// The top-level attributes that the update writes, each once, in the order of the text.
    package var attributeNames: [String] {
        var names: [String] = []
        var known: Set<ArraySlice<UInt8>> = []
        for case .name(let name)? in self.actions.map(\.path.first) where known.insert(name).inserted {
            names.append(String(decoding: name, as: UTF8.self))
        }
        return names
    }

    /// What `UPDATED_OLD` shows of the item before, and `UPDATED_NEW` of the item after.
    ///
    /// The paths that the update names, as a projection would show them.
    /// - Returns: nil when there is nothing to show; the answer then has no `Attributes`.
    package func updatedAttributes(of item: AttributeMap?) -> AttributeMap? {
        guard let item else { return nil }
        let shown = Projection(self.actions.map(\.path)).apply(to: item)
        return shown.isEmpty ? nil : shown
    }

    /// The item as the update leaves it.
    ///
    /// Everything is computed from the item as it was. AWS reports, in this order: a target whose parent cannot have
    /// it, an operand of a wrong type, then section by section from the last a target without a parent and an attribute
    /// that is read and is not there, then numbers out of range.
    /// An item over 400 KB is refused too. `item` is nil when there is none yet; a new one begins with `key`.
    package func apply(to item: AttributeMap?, key: AttributeMap) throws(ValidationFailure) -> AttributeMap {
        let base = item ?? key
        var work = UpdateWork(self, base)
        try work.compute()
        let updated = base.replacing(try work.changes())
        guard updated.itemBytes <= AttributeMap.itemBytesMax else { throw .updatedItemTooLarge }
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
