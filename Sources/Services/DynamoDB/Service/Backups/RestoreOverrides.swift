internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// What a restore makes different from the table that it restores.
struct RestoreOverrides: Sendable {
    var billingMode: BillingMode?
    var globalIndexes: [GlobalSecondaryIndex]?
    var localIndexes: [LocalSecondaryIndex]?
    var throughput: ProvisionedThroughput?
    var onDemandThroughput: OnDemandThroughput?
    var encryption: SSESpecification?
    var vectorIndexes: [VectorIndex]?

    /// A key is of one region, so a restore to another one says how the table is encrypted there.
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

    /// The request that would make the table.
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
        let keys =
            (shown.keySchema ?? []) + local.flatMap(\.keySchema) + global.flatMap(\.keySchema)
        let used = Set(keys.map(\.attributeName) + vector.flatMap { ($0.searchSchema ?? []).map(\.attributeName) })
        return CreateTableInput(
            attributeDefinitions: (shown.attributeDefinitions ?? []).filter { used.contains($0.attributeName) },
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

    private static let noThroughput =
        "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST"

    /// Overrides of throughput go with the billing mode.
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

    private static func throughput(_ throughput: Throughput) -> ProvisionedThroughput {
        ProvisionedThroughput(readCapacityUnits: throughput.read, writeCapacityUnits: throughput.write)
    }

    /// The indexes to make: those of the source, or those that the request lists, which may have other names.
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    private func globalIndexes(
        _ source: TableDescriptor, _ shown: TableDescription, isProvisioned: Bool
    ) throws(ServiceError) -> [GlobalSecondaryIndex] {
        var known = shown.globalSecondaryIndexes ?? []
        guard let given = self.globalIndexes else {
            var indexes: [GlobalSecondaryIndex] = []
            for index in known {
                guard let name = index.indexName, let schema = index.keySchema, let projection = index.projection
                else { continue }
                if isProvisioned, source.isOnDemand { throw .missingThroughput(name) }
                indexes.append(
                    GlobalSecondaryIndex(
                        indexName: name,
                        keySchema: schema,
                        projection: projection,
                        provisionedThroughput: isProvisioned
                            ? source.index(name).map { Self.throughput($0.throughput) } : nil,
                        onDemandThroughput: isProvisioned ? nil : index.onDemandThroughput
                    )
                )
            }
            return indexes
        }
        var indexes: [GlobalSecondaryIndex] = []
        for var index in given {
            guard index.warmThroughput == nil else {
                throw .validation(
                    "One or more parameter values were invalid: WarmThroughput is not supported for "
                        + "GlobalSecondaryIndexOverride"
                )
            }
            let place = try Self.place(
                of: index.indexName, index.keySchema, index.projection,
                in: known.map { ($0.indexName, $0.keySchema, $0.projection) })
            let same = known.remove(at: place)
            if isProvisioned, index.provisionedThroughput == nil { throw .missingThroughput(index.indexName) }
            if self.billingMode == .payPerRequest, index.provisionedThroughput != nil {
                throw .validation("Invalid Request: \(Self.noThroughput) for index \(index.indexName)")
            }
            if index.onDemandThroughput == nil, !isProvisioned { index.onDemandThroughput = same.onDemandThroughput }
            indexes.append(index)
        }
        return indexes
    }

    /// Where an index with those keys and attributes stands, the one of that name if there are several.
    private static func place(
        of name: String, _ schema: [KeySchemaElement], _ projection: DynamoDBModel.Projection,
        in known: [(name: String?, schema: [KeySchemaElement]?, projection: DynamoDBModel.Projection?)]
    ) throws(ServiceError) -> Int {
        let matches = known.indices.filter { place in
            self.isSame(known[place].schema ?? [], schema) && self.isSame(known[place].projection, projection)
        }
        guard let place = matches.first(where: { known[$0].name == name }) ?? matches.first else {
            throw .unknownIndex(name)
        }
        return place
    }

    private func localIndexes(_ shown: TableDescription) throws(ServiceError) -> [LocalSecondaryIndex] {
        var known = shown.localSecondaryIndexes ?? []
        guard let given = self.localIndexes else {
            return known.compactMap { index in
                guard let name = index.indexName, let schema = index.keySchema, let projection = index.projection
                else { return nil }
                return LocalSecondaryIndex(indexName: name, keySchema: schema, projection: projection)
            }
        }
        for index in given {
            let place = try Self.place(
                of: index.indexName, index.keySchema, index.projection,
                in: known.map { ($0.indexName, $0.keySchema, $0.projection) })
            known.remove(at: place)
        }
        return given
    }

    private func vectorIndexes(_ shown: TableDescription) throws(ServiceError) -> [VectorIndex] {
        let known = shown.vectorIndexes ?? []
        for index in self.vectorIndexes ?? [] {
            let same = known.first { $0.indexName == index.indexName }
            guard let same, same.vectorAttribute?.attributeName == index.vectorAttribute.attributeName,
                same.dimensions == index.dimensions, same.distanceFunction == index.distanceFunction,
                Self.isSame(same.projection, index.projection)
            else { throw .unknownIndex(index.indexName) }
        }
        return known.compactMap { index in
            guard let name = index.indexName, let attribute = index.vectorAttribute,
                let projection = index.projection, let dimensions = index.dimensions,
                let distance = index.distanceFunction,
                self.vectorIndexes.map({ given in given.contains { $0.indexName == name } }) != false
            else { return nil }
            return VectorIndex(
                indexName: name,
                vectorAttribute: attribute,
                searchSchema: index.searchSchema,
                projection: projection,
                dimensions: dimensions,
                distanceFunction: distance
            )
        }
    }

    private static func isSame(_ left: [KeySchemaElement], _ right: [KeySchemaElement]) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { $0.attributeName == $1.attributeName && $0.keyType == $1.keyType }
    }

    private static func isSame(
        _ left: DynamoDBModel.Projection?, _ right: DynamoDBModel.Projection
    ) -> Bool {
        left?.projectionType == right.projectionType
            && Set(left?.nonKeyAttributes ?? []) == Set(right.nonKeyAttributes ?? [])
    }
}

extension ServiceError {
    fileprivate static func missingThroughput(_ name: String) -> ServiceError {
        .validation("Invalid Request: Must specify provisioned throughput for index \(name)")
    }

    fileprivate static func unknownIndex(_ name: String) -> ServiceError {
        .validation(
            "Invalid Request: Index \(name) does not match a secondary index that existed in the source table and "
                + "cannot be created during the restore operation"
        )
    }
}
