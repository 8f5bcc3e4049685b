package import DynamoDBValues

extension AttributeMap {
    /// The value at a document path; nil when there is none.
    /// - Complexity: O(attributes and elements passed over), no tree is built.
    func value(at path: ArraySlice<PathStep>) -> StoredValue? {
        guard case .name(let name) = path.first, var value = self.value(named: name) else { return nil }
        for step in path.dropFirst() {
            guard let next = value.value(at: step) else { return nil }
            value = next
        }
        return value
    }
}

extension StoredValue {
    /// The entry of a map or the element of a list; nil when there is none.
    func value(at step: PathStep) -> StoredValue? {
        switch step {
        case .name(let name): self.entry(named: name)
        case .index(let index): self.element(index)
        }
    }
}

/// The attributes that an expression must not treat as documents, or touch at all.
package struct KeyNames: Sendable {
    private let table: [String]
    private let index: [String]

    /// `indexes` are the schemas of all secondary indexes of the table.
    package init(_ table: KeySchema, indexes: [KeySchema] = []) {
        self.table = table.elements.map(\.name)
        self.index = indexes.flatMap(\.elements).map(\.name).filter { !table.contains($0.utf8) }
    }

    /// Refuses a path into a key attribute: keys are scalars.
    func checkScalar(_ path: ArraySlice<PathStep>) throws(ValidationFailure) {
        guard path.count > 1, case .name(let name) = path.first else { return }
        let label: String
        if self.table.contains(where: { name.elementsEqual($0.utf8) }) {
            label = "Key"
        } else if self.index.contains(where: { name.elementsEqual($0.utf8) }) {
            label = "IndexKey"
        } else {
            return
        }
        throw ValidationFailure(
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
                + "\(label): \(String(decoding: name, as: UTF8.self))"
        )
    }

    /// Refuses an update of a part of the table's key.
    func checkUpdate(_ path: ArraySlice<PathStep>) throws(ValidationFailure) {
        guard case .name(let name) = path.first, self.table.contains(where: { name.elementsEqual($0.utf8) }) else {
            return
        }
        throw ValidationFailure(
            "One or more parameter values were invalid: Cannot update attribute "
                + "\(String(decoding: name, as: UTF8.self)). This attribute is part of the key"
        )
    }
}
