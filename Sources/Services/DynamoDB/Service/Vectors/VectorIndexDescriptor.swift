internal import DynamoDBValues

/// An index for similarity search: the vector and the projected attributes of each item that has the vector.
struct VectorIndexDescriptor: Sendable, Equatable {
    /// The first number of vector indexes; lower ones are for secondary indexes.
    static let numberMin: UInt16 = 0x8000

    var name: String
    /// Never reused in the table.
    var number: UInt16
    /// The attribute with the vector: a list of numbers.
    var attribute: String
    var dimensions: Int
    var distance: VectorDistance
    /// The attribute that partitions the index, if any; items without it are not in the index.
    var partition: KeyElement?
    /// Attributes that searches can filter on.
    var filters: [KeyElement] = []
    var projection: IndexDescriptor.Projection
    var state = IndexState.active

    /// The attributes of the search schema.
    var elements: [KeyElement] { (self.partition.map { [$0] } ?? []) + self.filters }

    /// Whether the index contains the attribute of that name; attributes needed for searching are always included.
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
