internal import DynamoDBModel
internal import DynamoDBValues

extension TableDescriptor {
    func vectorIndexDescriptions(
        _ status: TableStatus, _ statistics: [String: TableStatistics]
    ) -> [VectorIndexDescription]? {
        guard !self.vectorIndexes.isEmpty else { return nil }
        return self.vectorIndexes.map { index in
            let schema =
                (index.partition.map { [SearchSchemaElement(attributeName: $0.name, searchSchemaElementType: .hash)] }
                    ?? [])
                + index.filters.map {
                    SearchSchemaElement(attributeName: $0.name, searchSchemaElementType: .inlineFilter)
                }
            return VectorIndexDescription(
                indexName: index.name,
                searchSchema: schema.isEmpty ? nil : schema,
                projection: Self.projection(index.projection),
                vectorAttribute: VectorAttributeDefinition(attributeName: index.attribute),
                dimensions: index.dimensions,
                distanceFunction: VectorDistanceFunction(rawValue: index.distance.rawValue),
                indexStatus: index.state.shown(status),
                backfilling: index.state.isBackfilling(status),
                indexSizeBytes: statistics[index.name]?.sizeBytes ?? 0,
                itemCount: statistics[index.name]?.itemCount ?? 0,
                indexARN: "\(self.arn)/index/\(index.name)"
            )
        }
    }
}
