internal import DynamoDBValues

/// The values at many paths of one item, found in one walk over it.
struct ItemSearch {
    /// Up to this many paths are searched individually, when their values are needed.
    private static let searchedCountMax = 8

    private let item: AttributeMap
    /// The values found; nil when paths are searched individually.
    private var found: [ArraySlice<PathStep>: Found]?

    private struct Found {
        var parent: StoredValue?
        var value: StoredValue?
    }

    /// - Complexity: O(entries and elements of the item + steps of all paths)
    init(_ item: AttributeMap, _ paths: [ArraySlice<PathStep>]) {
        self.item = item
        guard paths.count > Self.searchedCountMax else { return }
        self.found = [:]
        let groups = Self.grouped(paths, depth: 0)
        let values = item.attributes.values(named: groups.map { $0.step.name ?? [] })
        for (group, value) in zip(groups, values) {
            if let value { self.visit(value, parent: nil, group.paths, depth: 1) }
        }
    }

    /// The value at a path; nil when there is none.
    func value(at path: ArraySlice<PathStep>) -> StoredValue? {
        guard let found = self.found else { return self.item.value(at: path) }
        return found[path]?.value
    }

    /// The container of the value at a path, whether or not the value exists; nil for attributes of the item itself.
    func parent(of path: ArraySlice<PathStep>) -> StoredValue? {
        guard let found = self.found else { return self.item.value(at: path.dropLast()) }
        return found[path]?.parent
    }

    /// `depth` is the number of steps that lead to `value`.
    private mutating func visit(
        _ value: StoredValue, parent: StoredValue?, _ paths: [ArraySlice<PathStep>], depth: Int
    ) {
        var below: [ArraySlice<PathStep>] = []
        for path in paths {
            if path.count == depth {
                self.found?[path] = Found(parent: parent, value: value)
            } else {
                if path.count == depth + 1 { self.found?[path] = Found(parent: value) }
                below.append(path)
            }
        }
        guard !below.isEmpty else { return }
        let groups = Self.grouped(below, depth: depth)
        let named = groups.filter { $0.step.name != nil }
        for (group, entry) in zip(named, value.entries.values(named: named.compactMap(\.step.name))) {
            if let entry { self.visit(entry, parent: value, group.paths, depth: depth + 1) }
        }
        let indexed = groups.filter(\.step.isIndex)
        for (group, element) in zip(indexed, value.elements(at: indexed.compactMap(\.step.index))) {
            if let element { self.visit(element, parent: value, group.paths, depth: depth + 1) }
        }
    }

    /// Groups paths by their step at a depth, in the order of first occurrence.
    private static func grouped(
        _ paths: [ArraySlice<PathStep>], depth: Int
    ) -> [(step: PathStep, paths: [ArraySlice<PathStep>])] {
        var groups: [(step: PathStep, paths: [ArraySlice<PathStep>])] = []
        var places: [PathStep: Int] = [:]
        for path in paths {
            let step = path[path.startIndex + depth]
            if let place = places[step] {
                groups[place].paths.append(path)
            } else {
                places[step] = groups.count
                groups.append((step, [path]))
            }
        }
        return groups
    }
}

extension PathStep {
    fileprivate var name: ArraySlice<UInt8>? {
        if case .name(let name) = self { name } else { nil }
    }

    fileprivate var index: Int? {
        if case .index(let index) = self { index } else { nil }
    }
}
