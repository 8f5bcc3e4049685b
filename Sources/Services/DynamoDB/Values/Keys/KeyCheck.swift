/// Checks of keys, with AWS's sentences.
/// - Source: answers of AWS as moto, dynalite and public issues record them.
package enum KeyCheck {
    package static let partitionBytesMax = 2048
    package static let sortBytesMax = 1024

    /// A `Key` of a request: exactly the key's attributes, of the right types and sizes.
    package static func key(_ key: AttributeMap, _ schema: KeySchema) throws(ValidationFailure) {
        if let failure = key.failure { throw ValidationFailure(failure.message) }
        let elements = schema.elements
        guard key.count == elements.count else { throw .keyElement }
        for element in elements {
            guard let value = key[element.name], value.type == element.type else { throw .keyElement }
            try self.content(value, element)
        }
        try self.sizes(key, schema)
    }

    /// An item to be stored: the key's attributes are there, of the right types and sizes.
    package static func item(_ item: AttributeMap, _ schema: KeySchema) throws(ValidationFailure) {
        for element in schema.elements {
            guard let value = item[element.name] else {
                throw .invalid("Missing the key \(element.name) in the item")
            }
            guard value.type == element.type else {
                throw .invalid(
                    "Type mismatch for key \(element.name) expected: \(element.type.descriptor) "
                        + "actual: \(value.type.descriptor)"
                )
            }
            try self.content(value, element)
        }
        try self.sizes(item, schema)
    }

    /// An item's attributes that are a secondary index's key: of the right type where they are there, and not empty.
    package static func indexAttributes(
        _ item: AttributeMap, _ schema: KeySchema, indexName: String
    ) throws(ValidationFailure) {
        for element in schema.elements {
            guard let value = item[element.name] else { continue }
            guard value.type == element.type else {
                throw .invalid(
                    "Type mismatch for Index Key \(element.name) Expected: \(element.type.descriptor) "
                        + "Actual: \(value.type.descriptor) IndexName: \(indexName)"
                )
            }
            if value.type != .n, value.content.isEmpty {
                throw ValidationFailure(
                    "One or more parameter values are not valid. A value specified for a secondary index key is not "
                        + "supported. The AttributeValue for a key attribute cannot contain an empty "
                        + "\(value.type == .s ? "string" : "binary") value. IndexName: \(indexName), IndexKey: \(element.name)"
                )
            }
            let isPartition = schema.partition.contains(element)
            let limit = isPartition ? self.partitionBytesMax : self.sortBytesMax
            if value.content.count > limit { throw isPartition ? .partitionTooLarge : .sortTooLarge }
        }
    }

    private static func content(_ value: StoredValue, _ element: KeyElement) throws(ValidationFailure) {
        guard value.type != .n, value.content.isEmpty else { return }
        throw ValidationFailure(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                + "empty \(value.type == .s ? "string" : "binary") value. Key: \(element.name)"
        )
    }

    private static func sizes(_ item: AttributeMap, _ schema: KeySchema) throws(ValidationFailure) {
        func bytes(_ elements: [KeyElement]) -> Int {
            elements.reduce(0) { $0 + (item[$1.name]?.chargedBytes ?? 0) }
        }
        guard bytes(schema.partition) <= self.partitionBytesMax else { throw .partitionTooLarge }
        guard bytes(schema.sort) <= self.sortBytesMax else { throw .sortTooLarge }
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

    package static func invalid(_ detail: String) -> ValidationFailure {
        ValidationFailure("One or more parameter values were invalid: \(detail)")
    }
}
