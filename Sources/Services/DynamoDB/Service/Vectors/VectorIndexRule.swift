internal import DynamoDBModel
internal import DynamoDBValues

/// What CreateTable demands of vector indexes.
/// - Source: DynamoDB Developer Guide, "Using vector indexes in DynamoDB", "Requirements and limitations" and
///   "Troubleshooting vector indexes"; sentences that these pages do not quote are ours.
enum VectorIndexRule {
    static let dimensionsMax = 4096
    static let countMax = 5
    static let filterCountMax = 10

    /// The indexes of a request; `taken` are the names of the table's other indexes.
    static func indexes(
        _ given: [VectorIndex]?, _ attributes: DefinedAttributes, taken: [String], isOnDemand: Bool
    ) throws(ValidationFailure) -> [VectorIndexDescriptor] {
        guard let given else { return [] }
        guard !given.isEmpty else { throw .invalid("List of VectorIndexes is empty") }
        guard isOnDemand else {
            throw .invalid("Vector indexes are supported only on tables whose BillingMode is PAY_PER_REQUEST")
        }
        guard given.count <= self.countMax else {
            throw .invalid("VectorIndex count exceeds the per-table limit of \(self.countMax)")
        }
        var indexes: [VectorIndexDescriptor] = []
        for index in given {
            guard !taken.contains(index.indexName), !indexes.contains(where: { $0.name == index.indexName }) else {
                throw .invalid("Duplicate index name: \(index.indexName)")
            }
            indexes.append(
                try self.index(
                    index, attributes, indexes, number: VectorIndexDescriptor.numberMin + UInt16(indexes.count),
                    isOnDemand: isOnDemand))
        }
        return indexes
    }

    /// One index beside those that the table has.
    static func index(
        _ index: VectorIndex, _ attributes: DefinedAttributes, _ others: [VectorIndexDescriptor], number: UInt16,
        isOnDemand: Bool
    ) throws(ValidationFailure) -> VectorIndexDescriptor {
        guard isOnDemand else {
            throw .invalid("Vector indexes are supported only on tables whose BillingMode is PAY_PER_REQUEST")
        }
        let descriptor = try self.descriptor(index, attributes, number: number)
        if let other = others.first(where: { $0.attribute == descriptor.attribute }),
            other.dimensions != descriptor.dimensions
        {
            throw .invalid(
                "Vector indexes on the attribute \(descriptor.attribute) must have the same number of dimensions"
            )
        }
        return descriptor
    }

    private static func descriptor(
        _ index: VectorIndex, _ attributes: DefinedAttributes, number: UInt16
    ) throws(ValidationFailure) -> VectorIndexDescriptor {
        guard (1...self.dimensionsMax).contains(index.dimensions) else {
            throw .invalid("Dimensions must be between 1 and \(self.dimensionsMax) for index: \(index.indexName)")
        }
        guard let distance = VectorDistance(rawValue: index.distanceFunction.rawValue) else {
            throw .invalid("Unknown DistanceFunction: \(index.distanceFunction.rawValue)")
        }
        var descriptor = VectorIndexDescriptor(
            name: index.indexName,
            number: number,
            attribute: index.vectorAttribute.attributeName,
            dimensions: index.dimensions,
            distance: distance,
            projection: try IndexRule.projection(index.projection)
        )
        for element in index.searchSchema ?? [] {
            guard let resolved = attributes.element(element.attributeName) else {
                throw ValidationFailure("One element in SearchSchema is not defined in attribute definitions")
            }
            guard !descriptor.elements.contains(resolved) else {
                throw .invalid("Duplicate element in SearchSchema: \(element.attributeName)")
            }
            if element.searchSchemaElementType == .hash {
                guard descriptor.partition == nil else {
                    throw .invalid("SearchSchema has more than one HASH key for index: \(index.indexName)")
                }
                descriptor.partition = resolved
            } else {
                descriptor.filters.append(resolved)
            }
        }
        guard descriptor.filters.count <= self.filterCountMax else {
            throw .invalid(
                "SearchSchema has more than \(self.filterCountMax) INLINE_FILTER elements for index: "
                    + "\(index.indexName)"
            )
        }
        return descriptor
    }
}

extension VectorIndexDescriptor {
    /// An item's attributes that the index reads: of the right types where they are there.
    ///
    /// `before` is the item as it was; what did not change is not looked at again.
    func check(_ item: AttributeMap, was before: AttributeMap? = nil) throws(ValidationFailure) {
        for element in self.elements {
            guard let value = item[element.name], value.type != element.type else { continue }
            throw .indexType(element, value.type, indexName: self.name)
        }
        guard let value = item[self.attribute] else { return }
        if let old = before?[self.attribute], old.isEqual(to: value) { return }
        guard value.type == .l else {
            throw .invalid(
                "Invalid type for parameter \(self.attribute): a list of numbers is expected, actual: "
                    + "\(value.type.descriptor) IndexName: \(self.name)"
            )
        }
        guard value.elementCount == self.dimensions else {
            throw .invalid(
                "The vector \(self.attribute) has \(value.elementCount) dimensions, expected: \(self.dimensions) "
                    + "IndexName: \(self.name)"
            )
        }
        for (position, element) in value.elements.enumerated() where VectorEntry.number(element) == nil {
            throw .invalid(
                "Invalid type for parameter \(self.attribute)[\(position)]: a number that fits 32-bit floating point "
                    + "is expected, IndexName: \(self.name)"
            )
        }
    }
}
