internal import DynamoDBValues

/// The application of an update to one item.
struct UpdateWork {
    /// The effect of an action on its target.
    enum Effect {
        case set(StoredValue)
        case remove
        /// Nothing: a DELETE from a missing attribute.
        case keep
    }

    private let plan: UpdatePlan
    private let item: AttributeMap
    private let search: ItemSearch
    /// Parallel to the actions of the plan.
    private var effects: [Effect] = []
    private var setBytes = SizeBound()

    init(_ plan: UpdatePlan, _ item: AttributeMap) {
        self.plan = plan
        self.item = item
        self.search = ItemSearch(item, plan.paths)
        self.effects.reserveCapacity(plan.actions.count)
    }

    /// Computes every action's effect from the original item.
    mutating func compute() throws(ValidationFailure) {
        let actions = self.plan.actions
        for action in actions where action.path.count > 1 {
            if self.search.parent(of: action.path) != nil, !self.isWritable(action.path) { throw .updatePath }
        }
        var overflow: ValidationFailure?
        // The last section with an action that reads a missing attribute; reported after all types are checked.
        var missingClause = -1
        for action in actions {
            do throws(Fault) {
                let effect = try self.effect(action)
                if case .set(let value) = effect { self.setBytes.add(value) }
                self.effects.append(effect)
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
        if self.setBytes.isOver { throw .updatedItemTooLarge }
    }

    /// The changes of the item's top-level attributes.
    func changes() throws(ValidationFailure) -> [AttributeChange] {
        var changes: [AttributeChange] = []
        var nested: [(name: ArraySlice<UInt8>, tree: ChangeTree)] = []
        var places: [ArraySlice<UInt8>: Int] = [:]
        for (action, effect) in zip(self.plan.actions, self.effects) {
            guard case .name(let name) = action.path.first else { continue }
            if action.path.count == 1 {
                switch effect {
                case .set(let value): changes.append(AttributeChange(name, value))
                case .remove: changes.append(AttributeChange(name, nil))
                case .keep: break
                }
            } else {
                let place = places[name] ?? nested.count
                if place == nested.count {
                    places[name] = place
                    nested.append((name, ChangeTree()))
                }
                nested[place].tree.insert(effect, at: action.path.dropFirst())
            }
        }
        for ((name, tree), value) in zip(nested, self.item.attributes.values(named: nested.map(\.name))) {
            guard let value else { continue }
            changes.append(AttributeChange(name, try StoredValue(tree.applied(to: value.tree))))
        }
        return changes
    }

    /// Why an action has no effect.
    private enum Fault: Error {
        /// An operand of a wrong type: takes precedence over all other errors.
        case type
        /// An attribute that is read is missing.
        case missing
        /// The result is not a number that can be stored.
        case number(ValidationFailure)
    }

    /// Whether the parent of the path's last step exists, and is a map or a list as that step requires.
    private func isWritable(_ path: ArraySlice<PathStep>) -> Bool {
        guard path.count > 1, let last = path.last else { return true }
        guard let parent = self.search.parent(of: path) else { return false }
        return parent.type == (last.isIndex ? .l : .m)
    }

    private func effect(_ action: UpdatePlan.Action) throws(Fault) -> Effect {
        guard let node = action.value else { return .remove }
        if action.section == .set { return .set(try self.value(node)) }
        let operand = self.plan.tree.value(self.plan.tree.nodes[Int(node)])
        guard let current = self.search.value(at: action.path) else {
            return action.section == .add ? .set(operand) : .keep
        }
        guard current.type == operand.type else { throw .type }
        if action.section == .add {
            switch operand.type {
            case .n: return .set(try self.sum(current, operand, .plus))
            case .l: return .set(.concatenating([current, operand]))
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
            guard let value = self.search.value(at: self.plan.tree.path(node)) else { throw .missing }
            return value
        case .arithmetic:
            let left = try self.operand(node, 0) { $0 == .n }
            let right = try self.operand(node, 1) { $0 == .n }
            return try self.sum(left, right, node.symbol)
        case .function where node.function == .ifNotExists:
            let path = self.plan.tree.bare(self.plan.tree.children[Int(node.first)])
            if let value = self.search.value(at: self.plan.tree.path(path)) { return value }
            return try self.value(self.plan.tree.children[Int(node.first) + 1])
        case .function where node.function == .listAppend:
            var lists: [StoredValue] = []
            var bytes = self.setBytes
            try self.appendLists(of: node, to: &lists, &bytes)
            return .concatenating(lists)
        default:
            // The checks admit no other node.
            throw .type
        }
    }

    /// The lists that nested `list_append` calls of any depth join, so that none is copied twice.
    ///
    /// Once the item is certain to be too large, the rest is only checked: the item is refused in the end.
    private func appendLists(
        of node: SyntaxNode, to lists: inout [StoredValue], _ bytes: inout SizeBound
    ) throws(Fault) {
        for position in 0..<2 {
            let operand = self.plan.tree.bare(self.plan.tree.children[Int(node.first) + position])
            if operand.kind == .function, operand.function == .listAppend {
                try self.appendLists(of: operand, to: &lists, &bytes)
                continue
            }
            let list = try self.operand(node, position) { $0 == .l }
            guard !bytes.isOver else { continue }
            lists.append(list)
            bytes.add(list)
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

/// Whether values that all go into one item are certain to make it too large.
private struct SizeBound {
    private var storedBytes = 0
    private var chargedBytes = 0

    var isOver: Bool {
        self.chargedBytes > AttributeMap.itemBytesMax || self.storedBytes > AttributeMap.storedBytesMax
    }

    /// - Complexity: O(1) for small values, else O(bytes); O(1) once the limit is passed.
    mutating func add(_ value: StoredValue) {
        self.storedBytes += value.range.count
        // The stored form has at least half of the bytes that count, so small values need no counting.
        guard self.storedBytes * 2 > AttributeMap.itemBytesMax, !self.isOver else { return }
        self.chargedBytes += value.chargedBytes
    }
}
