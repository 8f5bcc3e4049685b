/// Checks of keys, with AWS's sentences.
/// - Source: answers of AWS as moto, dynalite and public issues record them.
package enum KeyCheck {
    package static let partitionBytesMax = 2048
    package static let sortBytesMax = 1024

    /// A `Key` of a request: exactly the key's attributes, of the right types and sizes.
    package static func key(_ key: AttributeMap, _ schema: KeySchema) throws(ValidationFailure) {
        if let failure = key.failure { throw ValidationFailure(failure.message) }
        guard key.count == schema.elements.count else { throw .keyElement }
        try self.values(key, schema, missing: { _ in .keyElement }, mismatch: { _, _ in .keyElement })
    }

    /// An item to be stored: the key's attributes are there, of the right types and sizes.
    package static func item(_ item: AttributeMap, _ schema: KeySchema) throws(ValidationFailure) {
        try self.values(item, schema) { element in
            .invalid("Missing the key \(element.name) in the item")
        } mismatch: { element, value in
            .invalid(
                "Type mismatch for key \(element.name) expected: \(element.type.descriptor) "
                    + "actual: \(value.type.descriptor)"
            )
        }
    }

    /// Each attribute of the key in the schema's order: that it is there, its type, that it is not empty, its size.
    private static func values(
        _ item: AttributeMap,
        _ schema: KeySchema,
        missing: (KeyElement) -> ValidationFailure,
        mismatch: (KeyElement, StoredValue) -> ValidationFailure
    ) throws(ValidationFailure) {
        var bytes = (partition: 0, sort: 0)
        for (position, element) in schema.elements.enumerated() {
            guard let value = item[element.name] else { throw missing(element) }
            guard value.type == element.type else { throw mismatch(element, value) }
            try self.content(value, element)
            if position < schema.partition.count {
                bytes.partition += value.chargedBytes
                guard bytes.partition <= self.partitionBytesMax else { throw .partitionTooLarge }
            } else {
                bytes.sort += value.chargedBytes
                guard bytes.sort <= self.sortBytesMax else { throw .sortTooLarge }
            }
        }
    }

    /// An item's attributes that are a secondary index's key: of the right type where they are there, and not empty.
    package static func indexAttributes(
        _ item: AttributeMap, _ schema: KeySchema, indexName: String
    ) throws(ValidationFailure) {
        for element in schema.elements {
            guard let value = item[element.name] else { continue }
            try self.indexAttribute(value, element, schema, indexName)
        }
    }

    private static func indexAttribute(
        _ value: StoredValue, _ element: KeyElement, _ schema: KeySchema, _ indexName: String
    ) throws(ValidationFailure) {
        guard value.type == element.type else { throw .indexType(element, value.type, indexName: indexName) }
        try self.indexContent(value, element, indexName)
        let isPartition = schema.partition.contains(element)
        guard self.fits(value, element, schema) else { throw isPartition ? .partitionTooLarge : .sortTooLarge }
    }

    /// Whether a value can stand in the key of an index.
    package static func canBeIndexKey(_ value: StoredValue, _ element: KeyElement, _ schema: KeySchema) -> Bool {
        guard value.type == element.type else { return false }
        let count = value.content.count
        if count == 0 { return value.type == .n }
        return count <= self.sortBytesMax || self.fits(value, element, schema)
    }

    private static func fits(_ value: StoredValue, _ element: KeyElement, _ schema: KeySchema) -> Bool {
        value.content.count <= (schema.partition.contains(element) ? self.partitionBytesMax : self.sortBytesMax)
    }

    private static func indexContent(
        _ value: StoredValue, _ element: KeyElement, _ indexName: String
    ) throws(ValidationFailure) {
        guard value.type != .n, value.content.isEmpty else { return }
        throw ValidationFailure(
            "One or more parameter values are not valid. A value specified for a secondary index key is not "
                + "supported. The AttributeValue for a key attribute cannot contain an empty "
                + "\(value.type == .s ? "string" : "binary") value. IndexName: \(indexName), "
                + "IndexKey: \(element.name)"
        )
    }

    /// That no attribute of a key is empty, and nothing else: a transaction is refused for it before the rest of its
    /// keys are looked at.
    ///
    /// `indexName` is nil for the table's key.
    package static func contents(
        _ item: AttributeMap, _ schema: KeySchema, indexName: String?
    ) throws(ValidationFailure) {
        for element in schema.elements {
            guard let value = item[element.name], value.type == element.type else { continue }
            if let indexName {
                try self.indexContent(value, element, indexName)
            } else {
                try self.content(value, element)
            }
        }
    }

    private static func content(_ value: StoredValue, _ element: KeyElement) throws(ValidationFailure) {
        guard value.type != .n, value.content.isEmpty else { return }
        throw ValidationFailure(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                + "empty \(value.type == .s ? "string" : "binary") value. Key: \(element.name)"
        )
    }

    /// The attributes of a secondary index's key that an update has changed; AWS words what is wrong differently here.
    /// - Source: the messages that the API Reference lists under TransactWriteItems, "Validation Error".
    package static func updatedIndexAttributes(
        _ item: AttributeMap, was before: AttributeMap?, _ schema: KeySchema
    ) throws(ValidationFailure) {
        for element in schema.elements {
            guard let value = item[element.name] else { continue }
            if let old = before?[element.name], old.isEqual(to: value) { continue }
            guard value.type == element.type else { throw .updatedIndexType }
            if value.type != .n, value.content.isEmpty {
                throw ValidationFailure(
                    "One or more parameter values are not valid. The update expression attempted to update a secondary "
                        + "index key to a value that is not supported. The AttributeValue for a key attribute cannot "
                        + "contain an empty \(value.type == .s ? "string" : "binary") value."
                )
            }
            guard self.fits(value, element, schema) else { throw .updatedIndexSize }
        }
    }
}

extension ValidationFailure {
    package static let keyElement = ValidationFailure("The provided key element does not match the schema")
    package static let partitionTooLarge = ValidationFailure.invalid(
        "Size of hashkey has exceeded the maximum size limit of2048 bytes"
    )
    package static let sortTooLarge = ValidationFailure.invalid(
        "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
    )

    /// An item, or the value that an update names, does not have the type of an index's key.
    package static func indexType(
        _ element: KeyElement, _ actual: AttributeType, indexName: String
    ) -> ValidationFailure {
        .invalid(
            "Type mismatch for Index Key \(element.name) Expected: \(element.type.descriptor) "
                + "Actual: \(actual.descriptor) IndexName: \(indexName)"
        )
    }

    /// An update computed a value of another type than an index's key has.
    package static let updatedIndexType = ValidationFailure(
        "The update expression attempted to update the secondary index key to unsupported type"
    )
    package static let updatedIndexSize = ValidationFailure(
        "The update expression attempted to update the secondary index key beyond allowed size limits"
    )

    package static func invalid(_ detail: String) -> ValidationFailure {
        ValidationFailure("One or more parameter values were invalid: \(detail)")
    }
}
