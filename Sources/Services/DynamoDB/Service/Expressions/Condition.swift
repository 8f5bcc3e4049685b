package import DynamoDBValues

/// A compiled condition, filter or key condition.
package struct Condition: Sendable {
    /// The paths of a condition are searched for together in larger items, and if their names are not much longer than
    /// the item: a search for all reads each name, a search for one hardly any.
    private static let singleBytesMax = 16 << 10
    private static let nameShareMax = 64

    let tree: SyntaxTree
    let root: Int32

    /// Whether the condition holds for an item.
    ///
    /// `item` is nil when it does not exist: then no path finds anything.
    /// - Complexity: as many searches for attributes as the condition has paths, or one for all in a large item; no
    ///   tree of the item is built.
    package func holds(for item: AttributeMap?) -> Bool {
        var evaluator = Evaluator(self.tree, item.map(self.search))
        return evaluator.holds(self.root)
    }

    private func search(_ item: AttributeMap) -> ItemSearch {
        guard item.byteCount > Self.singleBytesMax else { return ItemSearch(item, []) }
        let paths = self.paths
        let nameBytes = paths.joined().reduce(0) { if case .name(let name) = $1 { $0 + name.count } else { $0 } }
        return ItemSearch(item, nameBytes <= item.byteCount * Self.nameShareMax ? paths : [])
    }

    /// The top-level attributes that the condition reads, each once.
    package var attributeNames: [String] {
        var names: [String] = []
        for path in self.paths {
            guard case .name(let name) = path.first else { continue }
            let text = String(decoding: name, as: UTF8.self)
            if !names.contains(where: { name.elementsEqual($0.utf8) }) { names.append(text) }
        }
        return names
    }

    /// Refuses paths into key attributes.
    package func check(_ keys: KeyNames) throws(ValidationFailure) {
        for path in self.paths { try keys.checkScalar(path) }
    }

    /// Refuses a query's filter on an attribute of the queried key; `parameter` is AWS's name for the filter.
    package func checkQueryFilter(
        _ schema: KeySchema, parameter: String = "Filter Expression"
    ) throws(ValidationFailure) {
        let names = self.attributeNames
        guard
            let key = schema.elements.first(where: { element in
                names.contains { $0.utf8.elementsEqual(element.name.utf8) }
            })
        else { return }
        throw ValidationFailure(
            "\(parameter) can only contain non-primary key attributes: Primary key attribute: \(key.name)"
        )
    }

    private var paths: [ArraySlice<PathStep>] {
        self.tree.nodes.filter { $0.kind == .path }.map(self.tree.path)
    }
}

/// Evaluates nodes of a condition over one item.
private struct Evaluator {
    /// Larger documents and sets are compared by their sorted bytes, since an expression may compare one 1,000 times.
    private static let comparedBytesMax = 1 << 10

    private let tree: SyntaxTree
    private let item: ItemSearch?
    /// The values that have been sorted.
    private var sorted: [StoredValue.Place: StoredValue] = [:]

    init(_ tree: SyntaxTree, _ item: ItemSearch?) {
        self.tree = tree
        self.item = item
    }

    mutating func holds(_ index: Int32) -> Bool {
        let node = self.tree.nodes[Int(index)]
        let first = Int(node.first)
        switch node.kind {
        case .group: return self.holds(self.tree.children[first])
        case .not: return !self.holds(self.tree.children[first])
        case .or: return self.holds(self.tree.children[first]) || self.holds(self.tree.children[first + 1])
        case .and: return self.holds(self.tree.children[first]) && self.holds(self.tree.children[first + 1])
        case .comparison:
            return self.compare(
                self.operand(self.tree.children[first]), node.symbol, self.operand(self.tree.children[first + 1])
            )
        case .between:
            let value = self.operand(self.tree.children[first])
            return self.compare(value, .greaterOrEqual, self.operand(self.tree.children[first + 1]))
                && self.compare(value, .lessOrEqual, self.operand(self.tree.children[first + 2]))
        case .oneOf:
            guard let value = self.operand(self.tree.children[first]) else { return false }
            for candidate in self.tree.children(of: node).dropFirst() {
                if let candidate = self.operand(candidate), self.areEqual(candidate, value) { return true }
            }
            return false
        case .function: return self.function(node)
        case .arithmetic, .path, .value: return false
        }
    }

    /// A missing operand is unequal to everything, and neither less nor greater.
    private mutating func compare(_ left: StoredValue?, _ symbol: ExpressionToken.Kind, _ right: StoredValue?) -> Bool {
        guard let left, let right else { return symbol == .notEqual }
        switch symbol {
        case .equal: return self.areEqual(left, right)
        case .notEqual: return !self.areEqual(left, right)
        case .less: return left.order(against: right).map { $0 < 0 } ?? false
        case .lessOrEqual: return left.order(against: right).map { $0 <= 0 } ?? false
        case .greater: return left.order(against: right).map { $0 > 0 } ?? false
        case .greaterOrEqual: return left.order(against: right).map { $0 >= 0 } ?? false
        default: return false
        }
    }

    private mutating func areEqual(_ left: StoredValue, _ right: StoredValue) -> Bool {
        guard left.range.count > Self.comparedBytesMax, left.type.isDocument || left.type.isSet else {
            return left.isEqual(to: right)
        }
        guard left.type == right.type, left.range.count == right.range.count else { return false }
        return left.hasSameBytes(as: right) || self.sorted(left).hasSameBytes(as: self.sorted(right))
    }

    private mutating func sorted(_ value: StoredValue) -> StoredValue {
        if let sorted = self.sorted[value.place] { return sorted }
        let sorted = value.sorted
        self.sorted[value.place] = sorted
        return sorted
    }

    private func operand(_ index: Int32) -> StoredValue? {
        let node = self.tree.bare(index)
        switch node.kind {
        case .value: return self.tree.value(node)
        case .path: return self.item?.value(at: self.tree.path(node))
        case .function where node.function == .size:
            return self.operand(self.tree.children[Int(node.first)])?.size.map { .number(DynamoDBNumber($0)) }
        default: return nil
        }
    }

    private mutating func function(_ node: SyntaxNode) -> Bool {
        let value = self.operand(self.tree.children[Int(node.first)])
        switch node.function {
        case .attributeExists: return value != nil
        case .attributeNotExists: return value == nil
        case .attributeType, .beginsWith, .contains:
            guard let value, let operand = self.operand(self.tree.children[Int(node.first) + 1]) else { return false }
            switch node.function {
            case .attributeType: return operand.content.elementsEqual(value.type.descriptor.utf8)
            case .beginsWith:
                return value.type == operand.type && (value.type == .s || value.type == .b)
                    && value.content.starts(with: operand.content)
            default: return self.contains(value, operand)
            }
        case .size, .ifNotExists, .listAppend, .unknown: return false
        }
    }

    /// `contains`: a substring of a string or of binary, a member of a set, an element of a list.
    private mutating func contains(_ value: StoredValue, _ operand: StoredValue) -> Bool {
        switch (value.type, operand.type) {
        case (.s, .s), (.b, .b): value.content.contains(part: operand.content)
        case (.l, .l), (.l, .m), (.l, .ss), (.l, .ns), (.l, .bs):
            self.sorted(value).containsMember(self.sorted(operand))
        default: value.containsMember(operand)
        }
    }
}

extension StoredValue {
    /// The result of `size`: UTF-16 units of a string, bytes of binary, elements of the rest; nil for types without a
    /// size.
    fileprivate var size: Int? {
        switch self.type {
        case .s:
            // A character of four UTF-8 bytes is two UTF-16 units, every other one is one.
            self.content.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : $1 >= 0xF0 ? 2 : 1) }
        case .b: self.content.count
        case .ss, .ns, .bs, .l, .m: self.elementCount
        case .n, .bool, .null: nil
        }
    }
}
