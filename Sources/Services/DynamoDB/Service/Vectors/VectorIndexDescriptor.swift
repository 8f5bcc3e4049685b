internal import DynamoDBValues

/// An index for similarity search: of each item that has its attribute, the vector and the projected attributes.
struct VectorIndexDescriptor: Sendable, Hashable {
    /// Numbers of vector indexes begin here, apart from those of secondary indexes.
    static let numberMin: UInt16 = 0x8000

    var name: String
    /// Unique in the table for its whole life.
    var number: UInt16
    /// The attribute that holds the vector: a list of numbers.
    var attribute: String
    var dimensions: Int
    var distance: VectorDistance
    /// The attribute by which searches are kept apart, if there is one; items without it are not in the index.
    var partition: KeyElement?
    /// Attributes that searches may filter by.
    var filters: [KeyElement] = []
    var projection: IndexDescriptor.Projection
    var state = IndexState.active

    /// The attributes of the search schema.
    var elements: [KeyElement] { (self.partition.map { [$0] } ?? []) + self.filters }

    /// Whether the index keeps the attribute of that name: what it searches by always.
    func isProjected(_ name: some Sequence<UInt8>, _ table: KeySchema) -> Bool {
        switch self.projection {
        case .all: return true
        case .keysOnly: break
        case .include(let names): if names.contains(where: { $0.utf8.elementsEqual(name) }) { return true }
        }
        return self.attribute.utf8.elementsEqual(name) || table.contains(name)
            || self.elements.contains { $0.name.utf8.elementsEqual(name) }
    }
}

extension TableDescriptor {
    func vectorIndex(_ name: String) -> VectorIndexDescriptor? {
        self.vectorIndexes.first { $0.name == name }
    }

    func space(of index: VectorIndexDescriptor) -> KeySpace {
        KeySpace(table: self.number, index: index.number)
    }
}
