internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// The checks that CreateTable makes on vector indexes.
/// - Source: DynamoDB Developer Guide, "Using vector indexes in DynamoDB", "Requirements and limitations" and
///   "Troubleshooting vector indexes"; sentences that these pages do not quote are ours.
enum VectorIndexRule {
    static let dimensionsMax = 4096
    static let countMax = 5
    static let filterCountMax = 10
    static let partitionBytesMax = 2048
    static let filterBytesMax = 10_240

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

    /// One index besides those of the table.
    static func index(
        _ index: VectorIndex, _ attributes: DefinedAttributes, _ others: [VectorIndexDescriptor], number: UInt16,
        isOnDemand: Bool
    ) throws(ValidationFailure) -> VectorIndexDescriptor {
        guard isOnDemand else {
            throw .invalid("Vector indexes are supported only on tables whose BillingMode is PAY_PER_REQUEST")
        }
        let descriptor = try self.descriptor(index, attributes, number: number)
        if let other = others.first(where: { ExactName($0.attribute) == ExactName(descriptor.attribute) }),
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
    /// Checks the types of an item's attributes that the index reads; they may be missing.
    ///
    /// `before` is the former item; unchanged attributes are not checked again.
    /// - Source: sentences that AWS answered in August 2026, as public sources quote them; that an inline filter has a
    ///   limit of its own, and its wording, could not be compared.
    func check(_ item: AttributeMap, was before: AttributeMap? = nil) throws(ValidationFailure) {
        for element in self.elements {
            guard let value = item[element.name] else { continue }
            if let old = before?[element.name], old.isEqual(to: value) { continue }
            try self.check(value, element)
        }
        guard let value = item[self.attribute] else { return }
        if let old = before?[self.attribute], old.isEqual(to: value) { return }
        guard value.type == .l else {
            throw Self.invalid(
                "Invalid type for parameter \(self.attribute), Expected: 32-bit floating point number list IndexName: "
                    + self.name)
        }
        guard value.elementCount == self.dimensions else {
            throw Self.invalid(
                "Invalid size for parameter \(self.attribute), Expected: \(self.dimensions), Actual: "
                    + "\(value.elementCount) IndexName: \(self.name)")
        }
        for (position, element) in value.elements.enumerated() where VectorEntry.number(element) == nil {
            guard element.type == .n else {
                throw Self.invalid(
                    "Invalid type for parameter \(self.attribute)[\(position)], Expected: 32-bit floating point "
                        + "number, Actual: \(element.type.descriptor). IndexName: \(self.name)")
            }
            throw Self.invalid(
                "Invalid value for parameter \(self.attribute)[\(position)], Value: \(VectorEntry.scientific(element)) "
                    + "is outside valid range [-3.4028235E38, 3.4028235E38]. IndexName: \(self.name)")
        }
    }

    /// Checks the value of an element of the SearchSchema.
    private func check(_ value: StoredValue, _ element: KeyElement) throws(ValidationFailure) {
        guard value.type == element.type else {
            throw Self.invalid(
                "Attribute '\(element.name)' type mismatch. Expected: \(element.type.descriptor), Actual: "
                    + "\(value.type.descriptor). IndexName: \(self.name)")
        }
        guard element == self.partition else {
            guard value.chargedBytes <= VectorIndexRule.filterBytesMax else {
                throw .invalid(
                    "Size limit exceeded for SearchSchema attribute '\(element.name)': maximum "
                        + "\(VectorIndexRule.filterBytesMax) bytes")
            }
            return
        }
        try KeyCheck.indexContent(value, element, self.name)
        guard value.chargedBytes <= VectorIndexRule.partitionBytesMax else {
            throw .invalid(
                "Aggregate size for HASH key attributes exceeds the maximum of \(VectorIndexRule.partitionBytesMax) "
                    + "bytes")
        }
    }

    /// AWS's sentence has a full stop here instead of the usual colon.
    private static func invalid(_ detail: String) -> ValidationFailure {
        ValidationFailure("One or more parameter values were invalid. \(detail)")
    }
}
