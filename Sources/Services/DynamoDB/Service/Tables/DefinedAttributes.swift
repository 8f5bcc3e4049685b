internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// The AttributeDefinitions of a request, which must be exactly the attributes in the keys of table and indexes.
struct DefinedAttributes {
    private let names: [String]
    private let types: [ExactName: AttributeType]

    init(_ definitions: [AttributeDefinition]) throws(ValidationFailure) {
        var types: [ExactName: AttributeType] = [:]
        for definition in definitions {
            let name = ExactName(definition.attributeName)
            guard types[name] == nil else {
                throw ValidationFailure("Attribute Name is duplicated: \(definition.attributeName)")
            }
            types[name] = AttributeType(descriptor: definition.attributeType.rawValue)
        }
        self.types = types
        self.names = definitions.map(\.attributeName)
    }

    /// The definitions of an update, together with those of the existing table.
    init(_ definitions: [AttributeDefinition], beside table: TableDescriptor) throws(ValidationFailure) {
        let given = try DefinedAttributes(definitions)
        var types = given.types
        let others = table.attributes.filter { types[ExactName($0.name)] == nil }
        for element in others { types[ExactName(element.name)] = element.type }
        self.types = types
        self.names = given.names + others.map(\.name)
    }

    /// Checks that all attributes of the table's key are defined.
    func checkTable(_ schema: [KeySchemaElement]) throws(ValidationFailure) {
        guard schema.count <= self.names.count else {
            throw ValidationFailure("Invalid KeySchema: Some index key attribute have no definition")
        }
        try self.check(schema)
    }

    /// Checks that all attributes of a key are defined.
    func check(_ schema: [KeySchemaElement]) throws(ValidationFailure) {
        guard schema.contains(where: { self.types[ExactName($0.attributeName)] == nil }) else { return }
        throw .invalid(
            "Some index key attributes are not defined in AttributeDefinitions. Keys: "
                + "\(Self.list(schema.map(\.attributeName))), AttributeDefinitions: \(Self.list(self.names))"
        )
    }

    /// Checks that all definitions are used; AWS does this before it checks the indexes' other rules.
    func checkUse(_ table: [KeySchemaElement], _ input: CreateTableInput) throws(ValidationFailure) {
        let hasIndexes =
            input.localSecondaryIndexes != nil || input.globalSecondaryIndexes != nil || input.vectorIndexes != nil
        guard hasIndexes else {
            guard table.count == self.names.count else {
                throw .invalid(
                    "Number of attributes in KeySchema does not exactly match number of attributes defined in "
                        + "AttributeDefinitions"
                )
            }
            return
        }
        let local = (input.localSecondaryIndexes ?? []).map(\.keySchema)
        let global = (input.globalSecondaryIndexes ?? []).map(\.keySchema)
        if input.localSecondaryIndexes?.isEmpty == true { throw .invalid("List of LocalSecondaryIndexes is empty") }
        if input.globalSecondaryIndexes?.isEmpty == true { throw .invalid("List of GlobalSecondaryIndexes is empty") }
        for schema in local + global { try self.check(schema) }
        var used: [String] = []
        var known: Set<ExactName> = []
        let vector = (input.vectorIndexes ?? []).flatMap { $0.searchSchema ?? [] }.map(\.attributeName)
        let keys = table + (local + global).joined()
        for name in keys.map(\.attributeName) + vector where known.insert(ExactName(name)).inserted {
            used.append(name)
        }
        guard used.count < self.names.count else { return }
        throw .invalid(
            "Some AttributeDefinitions are not used. AttributeDefinitions: \(Self.list(self.names)), "
                + "keys used: \(Self.list(used))"
        )
    }

    /// The key with its types; its order and its attributes must have been checked.
    func resolve(_ schema: [KeySchemaElement]) throws(ValidationFailure) -> KeySchema {
        var (partition, sort): ([KeyElement], [KeyElement]) = ([], [])
        for element in schema {
            // Unknown types are refused when the request is parsed; a set or a map never gets this far.
            guard let type = self.types[ExactName(element.attributeName)], type == .s || type == .n || type == .b else {
                throw ValidationFailure("Invalid KeySchema: Some index key attribute have no definition")
            }
            let resolved = KeyElement(element.attributeName, type)
            if element.keyType == .hash { partition.append(resolved) } else { sort.append(resolved) }
        }
        return KeySchema(partition: partition, sort: sort)
    }

    /// An attribute that can be part of a key; nil when it is not defined, or has another type.
    func element(_ name: String) -> KeyElement? {
        guard let type = self.types[ExactName(name)], type == .s || type == .n || type == .b else { return nil }
        return KeyElement(name, type)
    }

    private static func list(_ names: [String]) -> String {
        "[\(EchoedList.text(names))]"
    }
}
