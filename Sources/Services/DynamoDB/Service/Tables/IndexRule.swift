internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// The checks that CreateTable makes on secondary indexes, local ones first.
struct IndexRule {
    static let localCountMax = 5
    static let globalCountMax = 20
    /// The limit on attributes in all INCLUDE projections together, counted in each index.
    /// - Source: DynamoDB API Reference, CreateTable, `NonKeyAttributes`.
    static let projectedCountMax = 100

    private let table: KeySchema
    private let attributes: DefinedAttributes
    private let billing: BillingRule

    init(_ table: KeySchema, _ attributes: DefinedAttributes, _ billing: BillingRule) {
        self.table = table
        self.attributes = attributes
        self.billing = billing
    }

    /// - Returns: local, then global indexes, in the request's order, numbered from 1.
    func indexes(_ input: CreateTableInput) throws(ValidationFailure) -> [IndexDescriptor] {
        var indexes: [IndexDescriptor] = []
        var names: Set<String> = []
        if let local = input.localSecondaryIndexes {
            guard !self.table.sort.isEmpty else {
                throw .invalid(
                    "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
                )
            }
            for index in local {
                indexes.append(try self.descriptor(index, number: indexes.count + 1))
                try Self.insert(index.indexName, &names)
            }
            guard local.count <= Self.localCountMax else {
                throw .invalid("Number of LocalSecondaryIndexes exceeds per-table limit of \(Self.localCountMax)")
            }
        }
        if let global = input.globalSecondaryIndexes {
            for index in global {
                indexes.append(try self.descriptor(index, number: indexes.count + 1))
                try Self.insert(index.indexName, &names)
            }
            guard global.count <= Self.globalCountMax else {
                throw .invalid("GlobalSecondaryIndex count exceeds the per-table limit of \(Self.globalCountMax)")
            }
        }
        try Self.checkProjected(indexes)
        return indexes
    }

    /// AWS documents the limit; its sentence is not known, so this one follows that about the number of indexes.
    static func checkProjected(_ indexes: [IndexDescriptor]) throws(ValidationFailure) {
        let count = indexes.reduce(0) { count, index in
            if case .include(let names) = index.projection { count + names.count } else { count }
        }
        guard count <= Self.projectedCountMax else {
            throw .invalid("Number of NonKeyAttributes exceeds per-table limit of \(Self.projectedCountMax)")
        }
    }

    private static func insert(_ name: String, _ names: inout Set<String>) throws(ValidationFailure) {
        guard names.insert(name).inserted else { throw .invalid("Duplicate index name: \(name)") }
    }

    private func descriptor(_ index: LocalSecondaryIndex, number: Int) throws(ValidationFailure) -> IndexDescriptor {
        try KeySchemaRule.checkOrder(index.keySchema)
        let schema = try self.attributes.resolve(index.keySchema)
        guard !schema.sort.isEmpty else {
            throw .invalid("Index KeySchema does not have a range key for index: \(index.indexName)")
        }
        guard schema.partition == self.table.partition else {
            throw .invalid(
                "Index KeySchema does not have the same leading hash key as table KeySchema for index: "
                    + "\(index.indexName). index hash key: \(schema.partition[0].name), "
                    + "table hash key: \(self.table.partition[0].name)"
            )
        }
        return IndexDescriptor(
            name: index.indexName,
            number: UInt16(clamping: number),
            isGlobal: false,
            schema: schema,
            projection: try Self.projection(index.projection)
        )
    }

    private func descriptor(_ index: GlobalSecondaryIndex, number: Int) throws(ValidationFailure) -> IndexDescriptor {
        try KeySchemaRule.checkGlobalOrder(index.keySchema)
        let schema = try self.attributes.resolve(index.keySchema)
        let projection = try Self.projection(index.projection)
        let throughput = try self.billing.throughput(index.provisionedThroughput, index: index.indexName)
        let owner = BillingRule.Owner.index(index.indexName)
        return IndexDescriptor(
            name: index.indexName,
            number: UInt16(clamping: number),
            isGlobal: true,
            schema: schema,
            projection: projection,
            throughput: throughput,
            onDemandLimit: try self.billing.onDemandLimit(index.onDemandThroughput, owner),
            warmThroughput: try self.billing.warmThroughput(index.warmThroughput, throughput, owner)
        )
    }

    static func projection(
        _ given: DynamoDBModel.Projection
    ) throws(ValidationFailure) -> IndexDescriptor.Projection {
        guard let type = given.projectionType else { throw .invalid("Unknown ProjectionType: null") }
        let names = given.nonKeyAttributes
        switch type {
        case .include:
            guard let names else {
                throw .invalid("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
            }
            var seen: Set<ExactName> = []
            for name in names where !seen.insert(ExactName(name)).inserted {
                throw .invalid("Duplicate element in NonKeyAttributes: \(name)")
            }
            return .include(names)
        case .all, .keysOnly:
            guard names == nil else {
                throw .invalid("ProjectionType is \(type.rawValue), but NonKeyAttributes is specified")
            }
            return type == .all ? .all : .keysOnly
        default:
            throw .invalid("Unknown ProjectionType: \(type.rawValue)")
        }
    }
}
