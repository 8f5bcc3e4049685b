package import Primitives

/// Matches requests to operations of REST services by method and path.
///
/// A trie over the segments of the **raw** path: model ids contain encoded `:` and `/`, so the path is split first and
/// the segments are decoded afterwards. Literals take precedence over labels, labels over greedy labels, and more query
/// literals over fewer.
package struct RouteTable: Sendable {
    /// The route of one operation; the caller maps its index in the table to the operation.
    package struct Route: Sendable {
        package var method: String
        package var template: URITemplate

        package init(method: String, template: URITemplate) {
            self.method = method
            self.template = template
        }
    }

    /// A path that matched.
    package struct Match: Sendable, Equatable {
        /// The route's index in the table.
        package var index: Int
        package var labels: [PathLabel]
    }

    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var label: Int?
        var greedy: Int?
        /// Routes that end here.
        var routes: [Int] = []
    }

    /// A path with more segments matches no route.
    private static let segmentCountMax = 1024

    private let routes: [Route]
    private var nodes = [Node()]

    package init(_ routes: [Route]) {
        self.routes = routes
        for (index, route) in routes.enumerated() {
            var node = 0
            for segment in route.template.segments {
                node = self.child(of: node, for: segment)
            }
            self.nodes[node].routes.append(index)
        }
        for index in self.nodes.indices {
            self.nodes[index].routes.sort {
                routes[$0].template.queryLiterals.count > routes[$1].template.queryLiterals.count
            }
        }
    }

    private mutating func child(of node: Int, for segment: URITemplate.Segment) -> Int {
        let existing: Int? =
            switch segment {
            case .literal(let text): self.nodes[node].literals[text]
            case .label: self.nodes[node].label
            case .greedy: self.nodes[node].greedy
            }
        if let existing { return existing }
        self.nodes.append(Node())
        let child = self.nodes.count - 1
        switch segment {
        case .literal(let text): self.nodes[node].literals[text] = child
        case .label: self.nodes[node].label = child
        case .greedy: self.nodes[node].greedy = child
        }
        return child
    }

    /// The route of a request; nil when none has its method, path and query.
    /// - Complexity: O(segments) without greedy labels.
    package func match(_ head: RequestHead) -> Match? {
        let parts = head.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        guard parts.count <= Self.segmentCountMax else { return nil }
        var segments = parts.map { Substring($0) }
        if let match = self.match(head, segments) { return match }
        // `/bucket/` matches `/bucket`, unless a greedy label matches the empty rest.
        guard segments.last == "" else { return nil }
        segments.removeLast()
        return self.match(head, segments)
    }

    private func match(_ head: RequestHead, _ segments: [Substring]) -> Match? {
        let query = QueryItems(head.query)
        var captured: [Substring] = []
        guard let index = self.search(0, segments[...], head, query, &captured) else { return nil }
        var labels: [PathLabel] = []
        var values = captured.makeIterator()
        for segment in self.routes[index].template.segments {
            switch segment {
            case .literal: break
            case .label(let name), .greedy(let name):
                labels.append(PathLabel(name, values.next().map(String.init) ?? ""))
            }
        }
        return Match(index: index, labels: labels)
    }

    private func search(
        _ node: Int, _ rest: ArraySlice<Substring>, _ head: RequestHead, _ query: QueryItems,
        _ captured: inout [Substring]
    ) -> Int? {
        guard let segment = rest.first else {
            return self.nodes[node].routes.first { self.accepts($0, head, query) }
        }
        let depth = captured.count
        if let text = Self.decoded(segment), let child = self.nodes[node].literals[text],
            let found = self.search(child, rest.dropFirst(), head, query, &captured)
        {
            return found
        }
        if let child = self.nodes[node].label, !segment.isEmpty {
            captured.append(segment)
            if let found = self.search(child, rest.dropFirst(), head, query, &captured) { return found }
            captured.removeSubrange(depth...)
        }
        if let child = self.nodes[node].greedy {
            // The longest first; literals after a greedy label get what it leaves.
            for count in stride(from: rest.count, to: 0, by: -1) {
                let taken = rest.prefix(count)
                let value = taken.joined(separator: "/")
                guard !value.isEmpty else { continue }
                captured.append(value[...])
                if let found = self.search(child, rest.dropFirst(count), head, query, &captured) { return found }
                captured.removeSubrange(depth...)
                if self.nodes[child].literals.isEmpty, self.nodes[child].label == nil { break }
            }
        }
        return nil
    }

    private static func decoded(_ segment: Substring) -> String? {
        segment.utf8.contains(UInt8(ascii: "%")) ? PercentEncoding.decodeText(segment) : String(segment)
    }

    private func accepts(_ index: Int, _ head: RequestHead, _ query: QueryItems) -> Bool {
        let route = self.routes[index]
        guard route.method == head.method else { return false }
        return route.template.queryLiterals.allSatisfy { literal in
            query.items.contains { item in
                item.name == literal.name && (literal.value == nil || item.value == literal.value)
            }
        }
    }
}
