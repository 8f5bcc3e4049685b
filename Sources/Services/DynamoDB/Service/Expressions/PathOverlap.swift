internal import DynamoDBValues

/// Refuses paths of one update or projection that are equal, contain one another, or use one attribute both as a list
/// and as a map.
///
/// The paths form a tree by their steps; like AWS, this reports the first conflict of a traversal that visits the
/// newest branch first.
struct PathOverlap {
    private struct Node {
        var children: [PathStep: Int] = [:]
        /// Children, and paths that end here, in the order of insertion.
        var entries: [Entry] = []
        var isMixed = false
    }

    private struct Entry {
        /// The path that created the entry.
        let path: Int
        /// The node of a branch; nil for a path that ends here.
        let node: Int?
        let isIndex: Bool
    }

    private let paths: [ArraySlice<PathStep>]
    private let kind: ExpressionKind
    private var nodes = [Node()]

    /// - Complexity: O(steps) when there is no conflict.
    static func check(_ paths: [ArraySlice<PathStep>], _ kind: ExpressionKind) throws(ValidationFailure) {
        guard paths.count > 1 else { return }
        var overlap = PathOverlap(paths: paths, kind: kind)
        for index in paths.indices { overlap.insert(index) }
        try overlap.visit(0)
    }

    private init(paths: [ArraySlice<PathStep>], kind: ExpressionKind) {
        self.paths = paths
        self.kind = kind
    }

    private mutating func insert(_ path: Int) {
        var node = 0
        for step in self.paths[path] {
            if let child = self.nodes[node].children[step] {
                node = child
                continue
            }
            self.nodes.append(Node())
            let child = self.nodes.count - 1
            self.nodes[node].children[step] = child
            self.add(Entry(path: path, node: child, isIndex: step.isIndex), to: node)
            node = child
        }
        self.add(Entry(path: path, node: nil, isIndex: false), to: node)
    }

    private mutating func add(_ entry: Entry, to node: Int) {
        if let first = self.nodes[node].entries.first {
            let isAlike = first.node != nil && entry.node != nil && first.isIndex == entry.isIndex
            if !isAlike { self.nodes[node].isMixed = true }
        }
        self.nodes[node].entries.append(entry)
    }

    private func visit(_ node: Int) throws(ValidationFailure) {
        let entries = self.nodes[node].entries.reversed()
        for entry in entries {
            if let child = entry.node { try self.visit(child) }
            guard self.nodes[node].isMixed else { continue }
            for other in entries where other.path != entry.path || other.node != entry.node {
                if entry.node == nil || other.node == nil { throw self.clash("overlap", entry, other) }
                if entry.isIndex != other.isIndex { throw self.clash("conflict", entry, other) }
            }
        }
    }

    private func clash(_ what: String, _ left: Entry, _ right: Entry) -> ValidationFailure {
        let (leftPath, rightPath) = (self.end(left), self.end(right))
        let (one, two) = (self.paths[min(leftPath, rightPath)], self.paths[max(leftPath, rightPath)])
        return self.kind.invalid(
            "Two document paths \(what) with each other; must remove or rewrite one of these paths; "
                + "path one: \(one.pathText), path two: \(two.pathText)"
        )
    }

    /// The newest path below an entry.
    private func end(_ entry: Entry) -> Int {
        var entry = entry
        while let node = entry.node, let last = self.nodes[node].entries.last { entry = last }
        return entry.path
    }
}
