package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: SearchVectorsInput, _ context: RequestContext) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "dynamodb:SearchVectors",
                resource: "\(context.tableARN(input.tableName))/index/\(input.indexName)"
            )
        ]
    }

    /// Order of checks: TopK, the vector, the expressions, the table, the index, the vector's dimensions, the
    /// attributes named by condition and projection.
    package func searchVectors(
        _ input: SearchVectorsInput, _ context: RequestContext
    ) async throws(ServiceError) -> SearchVectorsOutput {
        let reference = try TableReference(input.tableName, context)
        let request = try validating { () throws(ValidationFailure) in try VectorSearchRequest(input) }
        let table = try await self.items.descriptor(reference)
        let search = try validating { () throws(ValidationFailure) in try request.search(table) }
        let answer = try await self.items.search(search)
        try await self.items.checkPresence(table, indexNumber: search.index.number, search.index.name)
        let results = answer.matches.map { match in
            SearchResultItem(item: request.projection.apply(match.item), score: match.score)
        }
        guard results.reduce(0, { $0 + ($1.item?.itemBytes ?? 0) }) <= VectorSearch.answerBytesMax else {
            throw .validation(
                "The search results exceed \(VectorSearch.answerBytesMax >> 20) MB. Reduce TopK or the projection."
            )
        }
        let wantsConsumption = input.returnConsumedCapacity == .total || input.returnConsumedCapacity == .indexes
        return SearchVectorsOutput(
            consumedCapacity: wantsConsumption
                ? VectorCapacity(vectorSearchRequestBytes: search.requestBytes(answer)) : nil,
            searchResults: results
        )
    }
}

extension SearchVectorsOutput: SizedOutput {
    package var heldBytes: Int {
        (self.searchResults ?? []).reduce(0) { $0 + ($1.item?.byteCount ?? 0) }
    }
}
