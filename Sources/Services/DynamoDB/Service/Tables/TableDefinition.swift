internal import DynamoDBModel
internal import DynamoDBValues

/// The keys and indexes that a CreateTable request defines, checked in AWS's order with AWS's sentences.
/// - Source: answers of AWS as dynalite (`validations/createTable.js`) and moto record them.
struct TableDefinition: Sendable, Hashable {
    static let localIndexCountMax = 5
    static let globalIndexCountMax = 20

    let schema: KeySchema
    let indexes: [IndexDescriptor]
    let isOnDemand: Bool
    let throughput: Throughput

    init(_ input: CreateTableInput) throws(ValidationFailure) {
        guard let definitions = input.attributeDefinitions, !definitions.isEmpty else {
            throw .invalid("Some index key attributes are not defined in AttributeDefinitions. Keys: "
                + "\(Self.names(input.keySchema ?? [])), AttributeDefinitions: []")
        }
        guard let keySchema = input.keySchema, !keySchema.isEmpty else {
            throw .invalid("KeySchema must not be empty")
        }
        (self.isOnDemand, self.throughput) = try Self.billing(input)
        let attributes = try Attributes(definitions)
        self.schema = try Self.keySchema(keySchema, attributes, elementsMax: 1)
        var indexes = try Self.localIndexes(input.localSecondaryIndexes, self.schema, attributes)
        indexes += try Self.globalIndexes(
            input.globalSecondaryIndexes,
            attributes,
            firstNumber: indexes.count + 1,
            isOnDemand: self.isOnDemand
        )
        self.indexes = indexes
        try Self.checkNames(indexes)
        try Self.checkUse(of: definitions, self.schema, indexes)
    }

    /// Attribute definitions by name.
    private struct Attributes {
        let names: [String]
        private let types: [String: AttributeType]

        init(_ definitions: [AttributeDefinition]) throws(ValidationFailure) {
            var types: [String: AttributeType] = [:]
            for definition in definitions {
                guard types[definition.attributeName] == nil else {
                    throw .invalid("Duplicate AttributeName in AttributeDefinitions: \(definition.attributeName)")
                }
                types[definition.attributeName] = AttributeType(descriptor: definition.attributeType.rawValue)
            }
            self.types = types
            self.names = definitions.map(\.attributeName)
        }

        func element(_ name: String) -> KeyElement? {
            self.types[name].map { KeyElement(name, $0) }
        }
    }

    private static func names(_ elements: [KeySchemaElement]) -> String {
        "[" + elements.map(\.attributeName).joined(separator: ", ") + "]"
    }

    private static func billing(
        _ input: CreateTableInput
    ) throws(ValidationFailure) -> (isOnDemand: Bool, Throughput) {
        if input.billingMode == .payPerRequest {
            guard input.provisionedThroughput == nil else {
                throw .invalid(
                    "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
                )
            }
            return (true, Throughput(read: 0, write: 0))
        }
        guard let throughput = input.provisionedThroughput else {
            throw .invalid(
                "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
            )
        }
        return (false, Throughput(read: throughput.readCapacityUnits, write: throughput.writeCapacityUnits))
    }

    /// Hash keys first, then range keys; at most `elementsMax` of each.
    private static func keySchema(
        _ elements: [KeySchemaElement], _ attributes: Attributes, elementsMax: Int
    ) throws(ValidationFailure) -> KeySchema {
        guard elements[0].keyType == .hash else {
            throw ValidationFailure("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
        }
        let hashes = elements.prefix { $0.keyType == .hash }
        let ranges = elements.dropFirst(hashes.count)
        guard hashes.count <= elementsMax, ranges.allSatisfy({ $0.keyType == .range }) else {
            throw ValidationFailure(
                elementsMax == 1
                    ? "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
                    : "Invalid KeySchema: HASH keys come before RANGE keys, at most \(elementsMax) of each"
            )
        }
        guard ranges.count <= elementsMax else {
            throw ValidationFailure("Invalid KeySchema: at most \(elementsMax) RANGE key types are allowed")
        }
        guard Set(elements.map(\.attributeName)).count == elements.count else {
            throw ValidationFailure(
                "Both the Hash Key and the Range Key element in the KeySchema have the same name"
            )
        }
        func resolve(_ element: KeySchemaElement) throws(ValidationFailure) -> KeyElement {
            guard let resolved = attributes.element(element.attributeName) else {
                throw .invalid(
                    "Some index key attributes are not defined in AttributeDefinitions. Keys: "
                        + "[\(element.attributeName)], AttributeDefinitions: [\(attributes.names.joined(separator: ", "))]"
                )
            }
            return resolved
        }
        return KeySchema(
            partition: try hashes.map(resolve),
            sort: try ranges.map(resolve)
        )
    }

    private static func localIndexes(
        _ given: [LocalSecondaryIndex]?, _ table: KeySchema, _ attributes: Attributes
    ) throws(ValidationFailure) -> [IndexDescriptor] {
        guard let given else { return [] }
        guard !given.isEmpty else { throw .invalid("List of LocalSecondaryIndexes is empty") }
        guard !table.sort.isEmpty else {
            throw .invalid(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
            )
        }
        guard given.count <= self.localIndexCountMax else {
            throw .invalid("Number of LocalSecondaryIndexes exceeds per-table limit of \(self.localIndexCountMax)")
        }
        var indexes: [IndexDescriptor] = []
        for index in given {
            let schema = try self.keySchema(index.keySchema, attributes, elementsMax: 1)
            guard !schema.sort.isEmpty else {
                throw .invalid("Index KeySchema does not have a range key for index: \(index.indexName)")
            }
            guard schema.partition == table.partition else {
                throw .invalid(
                    "Index KeySchema does not have the same leading hash key as table KeySchema for index: "
                        + "\(index.indexName). index hash key: \(schema.partition[0].name), "
                        + "table hash key: \(table.partition[0].name)"
                )
            }
            indexes.append(
                IndexDescriptor(
                    name: index.indexName,
                    number: UInt16(indexes.count + 1),
                    isGlobal: false,
                    schema: schema,
                    projection: try self.projection(index.projection)
                )
            )
        }
        return indexes
    }

    private static func globalIndexes(
        _ given: [GlobalSecondaryIndex]?, _ attributes: Attributes, firstNumber: Int, isOnDemand: Bool
    ) throws(ValidationFailure) -> [IndexDescriptor] {
        guard let given else { return [] }
        guard !given.isEmpty else { throw .invalid("List of GlobalSecondaryIndexes is empty") }
        guard given.count <= self.globalIndexCountMax else {
            throw .invalid("Number of GlobalSecondaryIndexes exceeds per-table limit of \(self.globalIndexCountMax)")
        }
        var indexes: [IndexDescriptor] = []
        for index in given {
            if isOnDemand, index.provisionedThroughput != nil {
                throw .invalid(
                    "ProvisionedThroughput should not be specified for index: \(index.indexName) when BillingMode is "
                        + "PAY_PER_REQUEST"
                )
            }
            if !isOnDemand, index.provisionedThroughput == nil {
                throw .invalid("ProvisionedThroughput is not specified for index: \(index.indexName)")
            }
            indexes.append(
                IndexDescriptor(
                    name: index.indexName,
                    number: UInt16(firstNumber + indexes.count),
                    isGlobal: true,
                    schema: try self.keySchema(index.keySchema, attributes, elementsMax: KeySchema.elementCountMax),
                    projection: try self.projection(index.projection),
                    throughput: Throughput(
                        read: index.provisionedThroughput?.readCapacityUnits ?? 0,
                        write: index.provisionedThroughput?.writeCapacityUnits ?? 0
                    )
                )
            )
        }
        return indexes
    }

    private static func projection(_ given: DynamoDBModel.Projection) throws(ValidationFailure) -> IndexDescriptor.Projection {
        let names = given.nonKeyAttributes
        switch given.projectionType {
        case .include?:
            guard let names, !names.isEmpty else {
                throw .invalid("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
            }
            return .include(names)
        case .all?, .keysOnly?:
            guard names == nil else {
                throw .invalid(
                    "ProjectionType is \(given.projectionType?.rawValue ?? ""), but NonKeyAttributes is specified"
                )
            }
            return given.projectionType == .all ? .all : .keysOnly
        default:
            throw .invalid("Unknown ProjectionType: null")
        }
    }

    private static func checkNames(_ indexes: [IndexDescriptor]) throws(ValidationFailure) {
        var seen: Set<String> = []
        for index in indexes where !seen.insert(index.name).inserted {
            throw .invalid("Duplicate index name: \(index.name)")
        }
    }

    private static func checkUse(
        of definitions: [AttributeDefinition], _ schema: KeySchema, _ indexes: [IndexDescriptor]
    ) throws(ValidationFailure) {
        let used = Set((schema.elements + indexes.flatMap(\.schema.elements)).map(\.name))
        guard definitions.contains(where: { !used.contains($0.attributeName) }) else { return }
        guard !indexes.isEmpty else {
            throw .invalid(
                "Number of attributes in KeySchema does not exactly match number of attributes defined in "
                    + "AttributeDefinitions"
            )
        }
        let names = definitions.map(\.attributeName).joined(separator: ", ")
        throw .invalid(
            "Some AttributeDefinitions are not used. AttributeDefinitions: [\(names)], keys used: "
                + "[\(used.sorted().joined(separator: ", "))]"
        )
    }
}
