/// Validation of keys, with AWS's messages.
/// - Source: answers of AWS recorded by moto, dynalite and public issues.
package enum KeyCheck {
    package static let partitionBytesMax = 2048
    package static let sortBytesMax = 1024

    /// Checks a `Key` of a request: exactly the key's attributes, of the right types and sizes.
    package static func key(_ key: AttributeMap, _ schema: KeySchema) throws(ValidationFailure) {
        if let failure = key.failure { throw ValidationFailure(failure.message) }
        guard key.count == schema.elements.count else { throw .keyElement }
        try self.values(key, schema, missing: { _ in .keyElement }, mismatch: { _, _ in .keyElement })
    }

    /// Checks an item to be stored: the key's attributes exist and have the right types and sizes.
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

    /// Checks each attribute of the key in the schema's order: existence, type, not empty, size.
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

    /// Checks an item's attributes that form a secondary index's key: those that exist must have the right type and not
    /// be empty, and together not exceed the sizes of a partition key and a sort key.
    package static func indexAttributes(
        _ item: AttributeMap, _ schema: KeySchema, indexName: String
    ) throws(ValidationFailure) {
        var size = KeySize(schema)
        for (position, element) in schema.elements.enumerated() {
            guard let value = item[element.name] else { continue }
            guard value.type == element.type else { throw .indexType(element, value.type, indexName: indexName) }
            try self.indexContent(value, element, indexName)
            size.add(value, at: position)
            guard size.partition <= self.partitionBytesMax else { throw .partitionTooLarge }
            guard size.sort <= self.sortBytesMax else { throw .sortTooLarge }
        }
    }

    /// Whether an item has a key in an index: it has every attribute of the key, each of the right type and not empty,
    /// and together they are not too large.
    package static func hasIndexKey(_ item: AttributeMap, _ schema: KeySchema) -> Bool {
        var size = KeySize(schema)
        for (position, element) in schema.elements.enumerated() {
            guard let value = item[element.name], value.type == element.type else { return false }
            guard value.type == .n || !value.content.isEmpty else { return false }
            size.add(value, at: position)
        }
        return size.partition <= self.partitionBytesMax && size.sort <= self.sortBytesMax
    }

    /// The sizes of a key in bytes: of the partition key's attributes together, and of the sort key's together.
    ///
    /// - Source: DynamoDB Developer Guide, "Multi-attribute keys"; AWS's message mentions the aggregated size of all
    ///   range keys.
    private struct KeySize {
        let partitionCount: Int
        private(set) var partition = 0
        private(set) var sort = 0

        init(_ schema: KeySchema) {
            self.partitionCount = schema.partition.count
        }

        /// A number counts as charged, by its digits, as in the key of an item.
        mutating func add(_ value: StoredValue, at position: Int) {
            if position < self.partitionCount {
                self.partition += value.chargedBytes
            } else {
                self.sort += value.chargedBytes
            }
        }
    }

    /// Checks that an attribute of an index's key is not empty.
    package static func indexContent(
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

    /// Checks only that no attribute of a key is empty: a transaction is refused for this before other checks of its
    /// keys.
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

    /// Checks the attributes of a secondary index's key that an update has changed; AWS's messages differ here.
    /// - Source: the messages that the API Reference lists under TransactWriteItems, "Validation Error".
    package static func updatedIndexAttributes(
        _ item: AttributeMap, was before: AttributeMap?, _ schema: KeySchema
    ) throws(ValidationFailure) {
        var size = KeySize(schema)
        var changes = (partition: false, sort: false)
        for (position, element) in schema.elements.enumerated() {
            guard let value = item[element.name] else { continue }
            let isChanged = before?[element.name].map { !$0.isEqual(to: value) } ?? true
            guard value.type == element.type else {
                // An unchanged value from before the index existed only excludes the item from the index.
                guard isChanged else { continue }
                throw .updatedIndexType
            }
            if isChanged, value.type != .n, value.content.isEmpty {
                throw ValidationFailure(
                    "One or more parameter values are not valid. The update expression attempted to update a secondary "
                        + "index key to a value that is not supported. The AttributeValue for a key attribute cannot "
                        + "contain an empty \(value.type == .s ? "string" : "binary") value."
                )
            }
            size.add(value, at: position)
            if position < schema.partition.count {
                changes.partition = changes.partition || isChanged
            } else {
                changes.sort = changes.sort || isChanged
            }
            guard !changes.partition || size.partition <= self.partitionBytesMax,
                !changes.sort || size.sort <= self.sortBytesMax
            else { throw .updatedIndexSize }
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

    /// An item, or a value given to an update, does not have the type of an index's key.
    package static func indexType(
        _ element: KeyElement, _ actual: AttributeType, indexName: String
    ) -> ValidationFailure {
        .invalid(
            "Type mismatch for Index Key \(element.name) Expected: \(element.type.descriptor) "
                + "Actual: \(actual.descriptor) IndexName: \(indexName)"
        )
    }

    /// An update computed a value whose type is not that of an index's key.
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
