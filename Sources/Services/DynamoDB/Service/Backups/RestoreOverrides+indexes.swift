internal import DynamoDBModel
internal import Primitives
internal import ServiceModel

/// The indexes of a restored table: those of the source, or the subset that the request lists. They are matched by
/// their keys and attributes, and may have other names; vector indexes are matched by name.
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
extension RestoreOverrides {
    func globalIndexes(
        _ source: TableDescriptor, _ shown: TableDescription, isProvisioned: Bool
    ) throws(ServiceError) -> [GlobalSecondaryIndex] {
        var known = shown.globalSecondaryIndexes ?? []
        var indexes: [GlobalSecondaryIndex] = []
        guard let given = self.globalIndexes else {
            for index in known {
                guard let index = try Self.kept(index, source, isProvisioned: isProvisioned) else { continue }
                indexes.append(index)
            }
            return indexes
        }
        for index in given {
            guard index.warmThroughput == nil else {
                throw .validation(
                    "One or more parameter values were invalid: WarmThroughput is not supported for "
                        + "GlobalSecondaryIndexOverride"
                )
            }
            let place = try Self.place(
                of: index.indexName, index.keySchema, index.projection,
                in: known.map { ($0.indexName, $0.keySchema, $0.projection) })
            indexes.append(try self.overridden(index, known.remove(at: place), isProvisioned: isProvisioned))
        }
        return indexes
    }

    /// An index of the source unchanged, with capacity units if the new table's mode has them.
    private static func kept(
        _ index: GlobalSecondaryIndexDescription, _ source: TableDescriptor, isProvisioned: Bool
    ) throws(ServiceError) -> GlobalSecondaryIndex? {
        guard let name = index.indexName, let schema = index.keySchema, let projection = index.projection else {
            return nil
        }
        guard isProvisioned else {
            return GlobalSecondaryIndex(
                indexName: name, keySchema: schema, projection: projection,
                onDemandThroughput: index.onDemandThroughput)
        }
        guard !source.isOnDemand else { throw .missingThroughput(name) }
        return GlobalSecondaryIndex(
            indexName: name, keySchema: schema, projection: projection,
            provisionedThroughput: source.index(name).map { self.throughput($0.throughput) })
    }

    /// An index as the request defines it; on-demand throughput that it does not give is as in `same`, the source's.
    private func overridden(
        _ given: GlobalSecondaryIndex, _ same: GlobalSecondaryIndexDescription, isProvisioned: Bool
    ) throws(ServiceError) -> GlobalSecondaryIndex {
        if isProvisioned, given.provisionedThroughput == nil { throw .missingThroughput(given.indexName) }
        if self.billingMode == .payPerRequest, given.provisionedThroughput != nil {
            throw .validation("Invalid Request: \(Self.noThroughput) for index \(given.indexName)")
        }
        var index = given
        if index.onDemandThroughput == nil, !isProvisioned { index.onDemandThroughput = same.onDemandThroughput }
        return index
    }

    /// The position of the index with those keys and attributes; of several, the one with that name.
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

    func localIndexes(_ shown: TableDescription) throws(ServiceError) -> [LocalSecondaryIndex] {
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

    func vectorIndexes(_ shown: TableDescription) throws(ServiceError) -> [VectorIndex] {
        let known = shown.vectorIndexes ?? []
        for index in self.vectorIndexes ?? [] {
            let same = known.first { $0.indexName == index.indexName }
            guard let same, let attribute = same.vectorAttribute?.attributeName,
                ExactName(attribute) == ExactName(index.vectorAttribute.attributeName),
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
            && zip(left, right).allSatisfy {
                ExactName($0.attributeName) == ExactName($1.attributeName) && $0.keyType == $1.keyType
            }
    }

    private static func isSame(
        _ left: DynamoDBModel.Projection?, _ right: DynamoDBModel.Projection
    ) -> Bool {
        let (own, given) = (left?.nonKeyAttributes ?? [], right.nonKeyAttributes ?? [])
        return left?.projectionType == right.projectionType
            && Set(own.map { ExactName($0) }) == Set(given.map { ExactName($0) })
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
