internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// The settings in which a restored table differs from its source.
struct RestoreOverrides: Sendable {
    var billingMode: BillingMode?
    var globalIndexes: [GlobalSecondaryIndex]?
    var localIndexes: [LocalSecondaryIndex]?
    var throughput: ProvisionedThroughput?
    var onDemandThroughput: OnDemandThroughput?
    var encryption: SSESpecification?
    var vectorIndexes: [VectorIndex]?

    /// A KMS key belongs to one region, so a restore to another region must specify the encryption there.
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    func check(from source: Region, to target: Region) throws(ServiceError) {
        guard source == target || self.encryption != nil else {
            throw .validation("Invalid Request: sseSpecificationOverride must be provided for cross-region restores")
        }
    }

    /// The definition of the restored table: the source's keys, indexes, throughput and encryption. Tags, streams, time
    /// to live, deletion protection and the table class are not restored.
    /// - Source: the API reference; of the class, answers recorded on AWS in October 2026 by a laboratory of the AWS
    ///   Controllers for Kubernetes.
    func definition(
        of source: TableDescriptor, _ context: RequestContext
    ) throws(ServiceError) -> (definition: TableDefinition, settings: StoredSettings) {
        let input = try self.input(source)
        let definition = try validating { () throws(ValidationFailure) in try TableDefinition(input, context) }
        var settings = definition.settings
        if self.encryption == nil { settings.encryptionKeyARN = source.settings.encryptionKeyARN }
        return (definition, settings)
    }

    /// The request that would create the table.
    private func input(_ source: TableDescriptor) throws(ServiceError) -> CreateTableInput {
        let shown = source.description(.active)
        let mode = self.billingMode ?? (source.isOnDemand ? .payPerRequest : .provisioned)
        let isProvisioned = mode == .provisioned
        try self.checkThroughput(source, isProvisioned: isProvisioned)
        var throughput = self.throughput
        if isProvisioned, throughput == nil, !source.isOnDemand { throughput = Self.throughput(source.throughput) }
        let global = try self.globalIndexes(source, shown, isProvisioned: isProvisioned)
        let local = try self.localIndexes(shown)
        let vector = try self.vectorIndexes(shown)
        let keys = (shown.keySchema ?? []) + local.flatMap(\.keySchema) + global.flatMap(\.keySchema)
        let searched = vector.flatMap { $0.searchSchema ?? [] }
        let names = keys.map(\.attributeName) + searched.map(\.attributeName)
        let used = Set(names.map { ExactName($0) })
        let definitions = (shown.attributeDefinitions ?? []).filter { used.contains(ExactName($0.attributeName)) }
        return CreateTableInput(
            attributeDefinitions: definitions,
            tableName: source.name,
            keySchema: shown.keySchema,
            localSecondaryIndexes: local.isEmpty ? nil : local,
            globalSecondaryIndexes: global.isEmpty ? nil : global,
            billingMode: mode,
            provisionedThroughput: throughput,
            sseSpecification: self.encryption,
            onDemandThroughput: self.onDemandThroughput ?? (isProvisioned ? nil : shown.onDemandThroughput),
            vectorIndexes: vector.isEmpty ? nil : vector
        )
    }

    static let noThroughput =
        "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST"

    /// Overrides of throughput must match the billing mode.
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes, as for
    ///   indexes.
    private func checkThroughput(_ source: TableDescriptor, isProvisioned: Bool) throws(ServiceError) {
        let isOverridden = self.billingMode != nil
        var refusal: String?
        if !isProvisioned, self.throughput != nil {
            refusal =
                isOverridden
                ? Self.noThroughput
                : "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED"
        } else if isProvisioned, isOverridden, source.isOnDemand, self.throughput == nil {
            refusal = "Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED"
        } else if isProvisioned, self.onDemandThroughput?.maxReadRequestUnits != nil {
            refusal =
                "Cannot override MaxReadRequestUnits for OnDemandThroughput unless BillingModeOverride is "
                + "PAY_PER_REQUEST"
        }
        for (name, value) in [
            ("MaxReadRequestUnits", self.onDemandThroughput?.maxReadRequestUnits),
            ("MaxWriteRequestUnits", self.onDemandThroughput?.maxWriteRequestUnits),
        ] where refusal == nil && value == 0 {
            refusal = "Requested \(name) for OnDemandThroughput is outside of valid range"
        }
        if let refusal { throw .validation("Invalid Request: \(refusal)") }
    }

    static func throughput(_ throughput: Throughput) -> ProvisionedThroughput {
        ProvisionedThroughput(readCapacityUnits: throughput.read, writeCapacityUnits: throughput.write)
    }
}
