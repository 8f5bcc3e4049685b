package import DynamoDBValues

/// A key condition resolved against a key schema: the range that a query reads.
package struct ResolvedKeyCondition: Sendable {
    /// The values of the partition key's attributes, in the schema's order.
    package let partition: [ArraySlice<UInt8>]
    /// Values of the leading sort key attributes with an equality condition, in the schema's order.
    package let equalSort: [ArraySlice<UInt8>]
    /// The condition on the next sort key attribute, if any.
    package let lastSort: KeyComparison?
}

extension KeyCondition {
    /// Resolves the condition against the key of the queried table or index.
    /// - Throws: AWS's sentence for an attribute that is missing, too many, of a wrong type, empty or too large.
    package func resolved(_ schema: KeySchema) throws(ValidationFailure) -> ResolvedKeyCondition {
        guard schema.elements.count > 1 || self.terms.count <= 1 else { throw .keyConditionNotSupported }
        var partition: [ArraySlice<UInt8>] = []
        for element in schema.partition {
            guard let term = self.term(element.name) else { throw .missedKey(element) }
            guard let comparison = term.comparison else { throw .notIndexable }
            try self.checkTypes(comparison, element)
            guard case .equal(let value) = comparison else { throw .keyConditionNotSupported }
            partition.append(value.content)
        }
        let present = schema.sort.filter { self.term($0.name) != nil }
        guard partition.count + present.count == self.terms.count else {
            let missing = schema.sort.first { self.term($0.name) == nil }
            throw missing.map { .missedKey($0) } ?? .keyConditionNotSupported
        }
        try self.checkOrder(schema, present)
        var equal: [ArraySlice<UInt8>] = []
        var last: KeyComparison?
        for element in present {
            guard let comparison = self.term(element.name)?.comparison else { throw .notIndexable }
            try self.checkTypes(comparison, element)
            if case .equal(let value) = comparison {
                equal.append(value.content)
            } else if element == present.last {
                last = comparison
            } else {
                throw .keyConditionNotSupported
            }
        }
        let resolved = ResolvedKeyCondition(partition: partition, equalSort: equal, lastSort: last)
        try self.checkContents(schema, resolved)
        return resolved
    }

    private func term(_ name: String) -> Term? {
        // By bytes: Unicode-equivalent strings are different names.
        self.terms.first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// Conditions on sort key attributes must be given from the left without gaps.
    private func checkOrder(_ schema: KeySchema, _ present: [KeyElement]) throws(ValidationFailure) {
        for (element, given) in zip(schema.sort, present) where element != given {
            throw ValidationFailure(
                "RANGE key attributes \(element.name) must have equality conditions specified in the query because a "
                    + "condition is present on key attribute \(given.name)"
            )
        }
    }

    private func checkTypes(_ comparison: KeyComparison, _ element: KeyElement) throws(ValidationFailure) {
        for value in comparison.values where value.type != element.type {
            throw .invalid("Condition parameter type does not match schema type")
        }
        if case .beginsWith = comparison, element.type == .n { throw .keyConditionNotSupported }
    }

    /// An empty prefix is refused like any other empty value.
    /// - Source: moto, and what two public stores over DynamoDB guard against; AWS documents no exception.
    private func checkContents(_ schema: KeySchema, _ resolved: ResolvedKeyCondition) throws(ValidationFailure) {
        for element in schema.elements where element.type != .n {
            guard let comparison = self.term(element.name)?.comparison else { continue }
            guard comparison.values.contains(where: \.content.isEmpty) else { continue }
            throw ValidationFailure(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                    + "empty \(element.type == .s ? "string" : "binary") value. Key: \(element.name)"
            )
        }
        guard resolved.partition.reduce(0, { $0 + $1.count }) <= KeyCheck.partitionBytesMax else {
            throw .partitionTooLarge
        }
        let last = resolved.lastSort?.values.map(\.content.count).max() ?? 0
        guard resolved.equalSort.reduce(last, { $0 + $1.count }) <= KeyCheck.sortBytesMax else {
            throw .sortTooLarge
        }
    }
}

extension ValidationFailure {
    static let keyConditionNotSupported = ValidationFailure("Query key condition not supported")

    static let notIndexable = ValidationFailure(
        "Attempted conditional constraint is not an indexable operation"
    )

    static func missedKey(_ element: KeyElement) -> ValidationFailure {
        ValidationFailure("Query condition missed key schema element: \(element.name)")
    }
}
