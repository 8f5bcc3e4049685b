internal import DynamoDBValues

extension Condition {
    /// Refuses a search condition that reads an attribute outside the index's search schema.
    func checkSearch(_ elements: [KeyElement]) throws(ValidationFailure) {
        for node in self.tree.nodes where node.kind == .path {
            guard node.count == 1, case .name(let name) = self.tree.path(node).first else {
                throw ExpressionKind.search.invalid("Only top-level attributes of the SearchSchema can be referenced")
            }
            guard elements.contains(where: { $0.name.utf8.elementsEqual(name) }) else {
                throw ExpressionKind.search.invalid(
                    "The attribute is not defined in the SearchSchema; attribute: "
                        + String(decoding: name, as: UTF8.self)
                )
            }
        }
    }

    /// The value that an attribute must have for the condition to hold: that of an equality joined to the rest by
    /// `AND`.
    func requiredValue(of attribute: String) -> StoredValue? {
        self.requiredValue(of: attribute, at: self.root)
    }

    private func requiredValue(of attribute: String, at index: Int32) -> StoredValue? {
        let node = self.tree.bare(index)
        if node.kind == .and {
            for child in self.tree.children(of: node) {
                if let value = self.requiredValue(of: attribute, at: child) { return value }
            }
            return nil
        }
        guard node.kind == .comparison, node.symbol == .equal else { return nil }
        let operands = self.tree.children(of: node).map(self.tree.bare)
        guard let path = operands.first(where: { $0.kind == .path }),
            let value = operands.first(where: { $0.kind == .value }), path.count == 1,
            case .name(let name) = self.tree.path(path).first, name.elementsEqual(attribute.utf8)
        else { return nil }
        return self.tree.value(value)
    }
}
