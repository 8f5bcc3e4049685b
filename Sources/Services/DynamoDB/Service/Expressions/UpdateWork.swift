internal import DynamoDBValues

/// One application of an update to one item.
struct UpdateWork {
    /// What an action does to its target.
    enum Effect {
        case set(StoredValue)
        case remove
        /// Nothing: a DELETE from what is not there.
        case keep
    }

    private let plan: UpdatePlan
    private let item: AttributeMap
    /// For each action of the plan.
    private var effects: [Effect] = []

    init(_ plan: UpdatePlan, _ item: AttributeMap) {
        self.plan = plan
        self.item = item
        self.effects.reserveCapacity(plan.actions.count)
    }

    /// Works out every action's effect from the item as it was.
    mutating func compute() throws(ValidationFailure) {
        let actions = self.plan.actions
        for action in actions where action.path.count > 1 {
            if self.parent(action.path) != nil, !self.isWritable(action.path) { throw .updatePath }
        }
        var overflow: ValidationFailure?
        // The last section with an action that reads what is not there; told after all types have been looked at.
        var missingClause = -1
        for action in actions {
            do throws(Fault) {
                self.effects.append(try self.effect(action))
            } catch {
                switch error {
                case .type: throw self.plan.isLegacy ? .updateType : .operandType
                case .missing: missingClause = max(missingClause, action.clause)
                case .number(let failure): overflow = overflow ?? failure
                }
                self.effects.append(.keep)
            }
        }
        var unwritableClause = -1
        for action in actions where action.path.count > 1 && !self.isWritable(action.path) {
            unwritableClause = max(unwritableClause, action.clause)
        }
        if unwritableClause >= 0, unwritableClause >= missingClause { throw .updatePath }
        if missingClause >= 0 { throw .missingAttribute }
        if let overflow { throw overflow }
    }

    /// What becomes of the item's top-level attributes.
    func changes() throws(ValidationFailure) -> [AttributeChange] {
        var changes: [AttributeChange] = []
        var nested: [(name: ArraySlice<UInt8>, tree: ChangeTree)] = []
        for (action, effect) in zip(self.plan.actions, self.effects) {
            guard case .name(let name) = action.path.first else { continue }
            if action.path.count == 1 {
                switch effect {
                case .set(let value): changes.append(AttributeChange(name, value))
                case .remove: changes.append(AttributeChange(name, nil))
                case .keep: break
                }
            } else {
                let index: Int
                if let known = nested.firstIndex(where: { $0.name == name }) {
                    index = known
                } else {
                    nested.append((name, ChangeTree()))
                    index = nested.count - 1
                }
                nested[index].tree.insert(effect, at: action.path.dropFirst())
            }
        }
        for (name, tree) in nested {
            guard let value = self.item.value(named: name) else { continue }
            changes.append(AttributeChange(name, try StoredValue(tree.applied(to: value.tree))))
        }
        return changes
    }

    /// Why an action has no effect yet.
    private enum Fault: Error {
        /// An operand of a wrong type: reported before everything else.
        case type
        /// An attribute that is read is not there.
        case missing
        /// The result is no number that can be stored.
        case number(ValidationFailure)
    }

    private func parent(_ path: ArraySlice<PathStep>) -> StoredValue? {
        self.item.value(at: path.dropLast())
    }

    /// Whether all but the last step of the path is there, and is a map or a list as the last step needs.
    private func isWritable(_ path: ArraySlice<PathStep>) -> Bool {
        guard path.count > 1, let last = path.last else { return true }
        guard let parent = self.parent(path) else { return false }
        return parent.type == (last.isIndex ? .l : .m)
    }

    private func effect(_ action: UpdatePlan.Action) throws(Fault) -> Effect {
        guard let node = action.value else { return .remove }
        if action.section == .set { return .set(try self.value(node)) }
        let operand = self.plan.tree.value(self.plan.tree.nodes[Int(node)])
        guard let current = self.item.value(at: action.path) else {
            return action.section == .add ? .set(operand) : .keep
        }
        guard current.type == operand.type else { throw .type }
        if action.section == .add {
            switch operand.type {
            case .n: return .set(try self.sum(current, operand, .plus))
            case .l: return .set(.concatenating(current, operand))
            default: return .set(current.union(operand))
            }
        }
        return current.subtracting(operand).map(Effect.set) ?? .remove
    }

    private func value(_ index: Int32) throws(Fault) -> StoredValue {
        let node = self.plan.tree.bare(index)
        switch node.kind {
        case .value:
            return self.plan.tree.value(node)
        case .path:
            guard let value = self.item.value(at: self.plan.tree.path(node)) else { throw .missing }
            return value
        case .arithmetic:
            let left = try self.operand(node, 0) { $0 == .n }
            let right = try self.operand(node, 1) { $0 == .n }
            return try self.sum(left, right, node.symbol)
        case .function where node.function == .ifNotExists:
            let path = self.plan.tree.bare(self.plan.tree.children[Int(node.first)])
            if let value = self.item.value(at: self.plan.tree.path(path)) { return value }
            return try self.value(self.plan.tree.children[Int(node.first) + 1])
        case .function where node.function == .listAppend:
            let left = try self.operand(node, 0) { $0 == .l }
            let right = try self.operand(node, 1) { $0 == .l }
            return .concatenating(left, right)
        default:
            // No other node passes the checks.
            throw .type
        }
    }

    private func operand(
        _ node: SyntaxNode, _ position: Int, _ isRight: (AttributeType) -> Bool
    ) throws(Fault) -> StoredValue {
        let value = try self.value(self.plan.tree.children[Int(node.first) + position])
        guard isRight(value.type) else { throw .type }
        return value
    }

    private func sum(
        _ left: StoredValue, _ right: StoredValue, _ symbol: ExpressionToken.Kind
    ) throws(Fault) -> StoredValue {
        guard let left = left.number, let right = right.number else { throw .type }
        do throws(ValidationFailure) {
            return .number(
                symbol == .minus ? try DynamoDBNumber.difference(left, right) : try DynamoDBNumber.sum(left, right)
            )
        } catch {
            throw .number(error)
        }
    }
}

/// The changes below one attribute.
struct ChangeTree {
    private var effect: UpdateWork.Effect = .keep
    private var below: [(step: PathStep, tree: ChangeTree)] = []

    mutating func insert(_ effect: UpdateWork.Effect, at path: ArraySlice<PathStep>) {
        guard let step = path.first else {
            self.effect = effect
            return
        }
        if let index = self.below.firstIndex(where: { $0.step == step }) {
            self.below[index].tree.insert(effect, at: path.dropFirst())
        } else {
            var tree = ChangeTree()
            tree.insert(effect, at: path.dropFirst())
            self.below.append((step, tree))
        }
    }

    /// The document with its changes made; every index means the list as it was.
    func applied(to value: AttributeValue) -> AttributeValue {
        switch value {
        case .m(let map):
            return .m(AttributeTree(self.appliedToMap(map.entries)))
        case .l(let elements):
            return .l(self.appliedToList(elements))
        default:
            return value
        }
    }

    private func changed(_ value: AttributeValue?) -> AttributeValue? {
        switch self.effect {
        case .set(let new): new.tree
        case .remove: nil
        case .keep: value.map(self.applied)
        }
    }

    /// New entries come after the last, in the order of the paths.
    private func appliedToMap(_ entries: [AttributeTree.Entry]) -> [AttributeTree.Entry] {
        var left = Dictionary(self.below.map { ($0.step, $0.tree) }, uniquingKeysWith: { first, _ in first })
        var kept: [AttributeTree.Entry] = []
        kept.reserveCapacity(entries.count + left.count)
        for entry in entries {
            guard let tree = left.removeValue(forKey: .name(Array(entry.name.utf8)[...])) else {
                kept.append(entry)
                continue
            }
            if let value = tree.changed(entry.value) { kept.append(.init(entry.name, value)) }
        }
        for (step, _) in self.below where !step.isIndex {
            if let value = left[step]?.changed(nil) { kept.append(.init(step.text, value)) }
        }
        return kept
    }

    /// New elements beyond the end come after the last, in the order of their indices.
    private func appliedToList(_ elements: [AttributeValue]) -> [AttributeValue] {
        var kept = elements.map(Optional.some)
        var appended: [(index: Int, value: AttributeValue)] = []
        for (step, tree) in self.below {
            guard case .index(let index) = step else { continue }
            if elements.indices.contains(index) {
                kept[index] = tree.changed(elements[index])
            } else if let value = tree.changed(nil) {
                appended.append((index, value))
            }
        }
        return kept.compactMap { $0 } + appended.sorted { $0.index < $1.index }.map(\.value)
    }
}
