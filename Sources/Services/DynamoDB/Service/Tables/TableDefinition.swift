internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// The definition of a table in a CreateTable request, checked in AWS's order with AWS's sentences.
///
/// - Source: AWS's answers as a laboratory of the AWS Controllers for Kubernetes recorded them in October 2026, and as
///   dynalite and moto pin them.
struct TableDefinition: Sendable, Equatable {
    let schema: KeySchema
    let indexes: [IndexDescriptor]
    let vectorIndexes: [VectorIndexDescriptor]
    let isOnDemand: Bool
    let throughput: Throughput
    let streamViewType: String?
    let settings: StoredSettings

    /// Checks a request in AWS's order; `context` provides the account and region of a KMS key id.
    init(_ input: CreateTableInput, _ context: RequestContext) throws(ValidationFailure) {
        let (definitions, keySchema) = try Self.shape(input)
        let billing = try BillingRule(input)
        let attributes = try DefinedAttributes(definitions)
        try attributes.checkTable(keySchema)
        try KeySchemaRule.checkOrder(keySchema)
        try attributes.checkUse(keySchema, input)
        let schema = try attributes.resolve(keySchema)
        self.indexes = try IndexRule(schema, attributes, billing).indexes(input)
        self.vectorIndexes = try VectorIndexRule.indexes(
            input.vectorIndexes, attributes, taken: self.indexes.map(\.name), isOnDemand: billing.isOnDemand)
        self.schema = schema
        self.isOnDemand = billing.isOnDemand
        self.throughput = billing.throughput
        self.streamViewType = try SettingsRule.streamViewType(input.streamSpecification)
        var settings = StoredSettings()
        settings.encryptionKeyARN = try SettingsRule.encryptionKeyARN(input.sseSpecification, context)
        settings.onDemandLimit = try billing.onDemandLimit(input.onDemandThroughput, .table)
        settings.warmThroughput = try billing.warmThroughput(input.warmThroughput, billing.throughput, .table)
        settings.tags = try TagRule.tags(input.tags ?? [])
        self.settings = settings
    }

    /// The table that is made so.
    ///
    /// `number` is what its keys begin with, `id` the `TableId` that descriptions show.
    func table(_ reference: TableReference, _ number: UInt64, id: String, at creation: Timestamp) -> TableDescriptor {
        var table = TableDescriptor(
            name: reference.name, account: reference.account, region: reference.region, number: number, tableID: id,
            creation: creation, schema: self.schema, indexes: self.indexes, isOnDemand: self.isOnDemand,
            throughput: self.throughput)
        table.vectorIndexes = self.vectorIndexes
        table.settings = self.settings
        return table
    }

    /// The largest number of violations in an error, as for those that the model defines.
    private static let violationCountMax = 10

    /// Checks of the input's shape that the model lacks, with the wording of those that it has.
    private static func shape(
        _ input: CreateTableInput
    ) throws(ValidationFailure) -> ([AttributeDefinition], [KeySchemaElement]) {
        var violations: [String] = []
        func constrain(_ place: String, _ value: String, _ constraint: String) {
            guard violations.count < self.violationCountMax else { return }
            violations.append("Value \(value) at '\(place)' failed to satisfy constraint: Member must \(constraint)")
        }
        func limit(_ elements: [KeySchemaElement]?, _ place: String) {
            guard let elements, elements.count > 2 else { return }
            constrain(place, "'\(ValueText.text(elements))'", "have length less than or equal to 2")
        }
        if input.attributeDefinitions == nil { constrain("attributeDefinitions", "null", "not be null") }
        if input.keySchema == nil { constrain("keySchema", "null", "not be null") }
        limit(input.keySchema, "keySchema")
        for (index, local) in (input.localSecondaryIndexes ?? []).enumerated() {
            limit(local.keySchema, "localSecondaryIndexes.\(index + 1).member.keySchema")
        }
        guard let definitions = input.attributeDefinitions, let keySchema = input.keySchema, violations.isEmpty else {
            throw ValidationFailure(
                "\(violations.count) validation error\(violations.count == 1 ? "" : "s") detected: "
                    + violations.joined(separator: "; ")
            )
        }
        return (definitions, keySchema)
    }
}
