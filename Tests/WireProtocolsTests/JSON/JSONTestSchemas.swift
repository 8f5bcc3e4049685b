import ServiceModel

/// Small schemas for tests of JSON and of the protocols on top of it.
enum JSONTestSchemas {
    static let string = ShapeSchema(name: "String", type: .string)
    static let integer = ShapeSchema(name: "Integer", type: .integer)
    static let long = ShapeSchema(name: "Long", type: .long)
    static let double = ShapeSchema(name: "Double", type: .double)
    static let float = ShapeSchema(name: "Float", type: .float)
    static let boolean = ShapeSchema(name: "Boolean", type: .boolean)
    static let blob = ShapeSchema(name: "Blob", type: .blob)
    static let timestamp = ShapeSchema(name: "Timestamp", type: .timestamp)
    static let bigDecimal = ShapeSchema(name: "BigDecimal", type: .bigDecimal)
    static let document = ShapeSchema(name: "Document", type: .document)

    static func list(_ element: ShapeSchema, isSparse: Bool = false) -> ShapeSchema {
        var traits = ShapeTraits()
        traits.isSparse = isSparse
        let schema = ShapeSchema(name: "List", type: .list, traits: traits)
        schema.define(members: [MemberSchema(name: "member", target: element)])
        return schema
    }

    static func map(_ value: ShapeSchema, isSparse: Bool = false) -> ShapeSchema {
        var traits = ShapeTraits()
        traits.isSparse = isSparse
        let schema = ShapeSchema(name: "Map", type: .map, traits: traits)
        schema.define(members: [MemberSchema(name: "key", target: string), MemberSchema(name: "value", target: value)])
        return schema
    }

    static func structure(
        _ name: String, _ members: KeyValuePairs<String, ShapeSchema>, type: ShapeType = .structure,
        traits: ShapeTraits = ShapeTraits()
    ) -> ShapeSchema {
        let schema = ShapeSchema(name: name, type: type, traits: traits)
        schema.define(members: members.map { MemberSchema(name: $0.key, target: $0.value) })
        return schema
    }

    /// A structure with one member of each simple kind.
    static let everything = structure(
        "Everything",
        [
            "string": string, "integer": integer, "long": long, "double": double, "float": float, "boolean": boolean,
            "blob": blob, "timestamp": timestamp, "bigDecimal": bigDecimal, "document": document,
            "list": list(string), "sparseList": list(string, isSparse: true), "map": map(integer),
            "sparseMap": map(integer, isSparse: true),
            "union": structure("Union", ["first": string, "second": integer], type: .union),
        ])

    /// A service that answers like DynamoDB.
    static func service(
        id: String = "dynamodb", signingName: String = "dynamodb", isQueryCompatible: Bool = false
    ) -> ServiceSchema {
        ServiceSchema(
            id: id, signingName: signingName, endpointPrefix: id, targetPrefix: "DynamoDB_20120810",
            apiVersion: "2012-08-10", protocols: [.awsJson1_0], isQueryCompatible: isQueryCompatible,
            quirks: signingName == "dynamodb" ? [.newParser, .checksums] : [],
            operations: [], operationNames: [])
    }
}
