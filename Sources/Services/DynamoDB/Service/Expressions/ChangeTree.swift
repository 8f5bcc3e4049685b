internal import DynamoDBValues

/// The changes below one attribute.
struct ChangeTree {
    private var effect: UpdateWork.Effect = .keep
    private var below: [(step: PathStep, tree: ChangeTree)] = []
    private var places: [PathStep: Int] = [:]

    mutating func insert(_ effect: UpdateWork.Effect, at path: ArraySlice<PathStep>) {
        guard let step = path.first else {
            self.effect = effect
            return
        }
        if let place = self.places[step] {
            self.below[place].tree.insert(effect, at: path.dropFirst())
        } else {
            var tree = ChangeTree()
            tree.insert(effect, at: path.dropFirst())
            self.places[step] = self.below.count
            self.below.append((step, tree))
        }
    }

    /// The document with the changes applied; indices refer to the original list.
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
