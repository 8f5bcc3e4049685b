package import DynamoDBValues

/// A compiled projection: the parts of an item that an answer contains.
package struct Projection: Sendable {
    /// The paths below one attribute or element.
    private struct Branch: Sendable {
        /// The whole value is projected, so deeper paths do not matter.
        var isWhole = false
        private(set) var steps: [(step: PathStep, branch: Int)] = []
        /// `steps` by step, if there are more than are searched linearly.
        private var known: [PathStep: Int] = [:]

        /// Up to this many steps are searched linearly.
        private static let searchedCountMax = 8

        func branch(of step: PathStep) -> Int? {
            self.known.isEmpty ? self.steps.first { $0.step == step }?.branch : self.known[step]
        }

        mutating func append(_ step: PathStep, _ branch: Int) {
            self.steps.append((step, branch))
            if !self.known.isEmpty {
                self.known[step] = branch
            } else if self.steps.count > Self.searchedCountMax {
                for (step, branch) in self.steps { self.known[step] = branch }
            }
        }

        /// The steps into a map.
        var names: [(name: ArraySlice<UInt8>, branch: Int)] {
            self.steps.compactMap { if case .name(let name) = $0.step { (name, $0.branch) } else { nil } }
        }

        /// The steps into a list.
        var indices: [(index: Int, branch: Int)] {
            self.steps.compactMap { if case .index(let index) = $0.step { (index, $0.branch) } else { nil } }
        }
    }

    private var branches = [Branch()]

    /// - Parameter paths: free of overlaps, unless they are the paths of an update.
    init(_ paths: [ArraySlice<PathStep>]) {
        for path in paths { self.insert(path) }
    }

    /// A projection of whole top-level attributes, as in AttributesToGet.
    package init(attributes: [String]) {
        self.init(attributes.map { [PathStep.name(Array($0.utf8)[...])] })
    }

    private mutating func insert(_ path: ArraySlice<PathStep>) {
        var branch = 0
        for step in path {
            if let known = self.branches[branch].branch(of: step) {
                branch = known
            } else {
                self.branches.append(Branch())
                self.branches[branch].append(step, self.branches.count - 1)
                branch = self.branches.count - 1
            }
        }
        self.branches[branch].isWhole = true
    }

    /// The top-level attributes that the projection reads.
    package var attributeNames: [String] {
        self.branches[0].steps.map(\.step.text)
    }

    /// Refuses paths into key attributes.
    package func check(_ keys: KeyNames) throws(ValidationFailure) {
        for (step, branch) in self.branches[0].steps {
            guard let below = self.branches[branch].steps.first else { continue }
            try keys.checkScalar([step, below.step])
        }
    }

    /// The projected item: whole attributes as stored, documents reduced to the projected parts that exist.
    ///
    /// The projected elements of a list become adjacent, in the list's order. A part of a stored value nests no deeper
    /// than the whole, so it can always be built.
    package func apply(to item: AttributeMap) -> AttributeMap {
        var attributes: [AttributeChange] = []
        let names = self.branches[0].names
        for ((name, branch), value) in zip(names, item.attributes.values(named: names.map(\.name))) {
            guard let value else { continue }
            if self.branches[branch].isWhole {
                attributes.append(AttributeChange(name, value))
            } else if let tree = self.project(value, branch), let part = try? StoredValue(tree) {
                attributes.append(AttributeChange(name, part))
            }
        }
        return AttributeMap(attributes)
    }

    /// - Returns: nil when nothing projected exists.
    private func project(_ value: StoredValue, _ branch: Int) -> AttributeValue? {
        guard !self.branches[branch].isWhole else { return value.tree }
        switch value.type {
        case .m:
            var entries: [AttributeTree.Entry] = []
            let names = self.branches[branch].names
            for ((name, below), entry) in zip(names, value.entries.values(named: names.map(\.name))) {
                guard let entry, let part = self.project(entry, below) else { continue }
                entries.append(.init(String(decoding: name, as: UTF8.self), part))
            }
            return entries.isEmpty ? nil : .m(AttributeTree(entries))
        case .l:
            var elements: [(index: Int, part: AttributeValue)] = []
            let indices = self.branches[branch].indices
            for ((index, below), element) in zip(indices, value.elements(at: indices.map(\.index))) {
                guard let element, let part = self.project(element, below) else { continue }
                elements.append((index, part))
            }
            return elements.isEmpty ? nil : .l(elements.sorted { $0.index < $1.index }.map(\.part))
        default:
            return nil
        }
    }
}
