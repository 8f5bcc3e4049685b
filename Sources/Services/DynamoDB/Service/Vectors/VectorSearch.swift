internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

/// The part of a SearchVectors request that does not depend on its table.
struct VectorSearchRequest {
    /// - Source: DynamoDB Developer Guide, "Troubleshooting vector indexes".
    static let topK = 1...100

    let indexName: String
    let topKCount: Int
    let vector: [Float]
    let condition: Condition?
    let projection: ItemProjection

    init(_ input: SearchVectorsInput) throws(ValidationFailure) {
        guard Self.topK.contains(input.topK) else {
            throw ValidationFailure(
                "Provided TopK value '\(input.topK)' is out of valid range. The value must be between "
                    + "\(Self.topK.lowerBound) and \(Self.topK.upperBound) inclusive")
        }
        self.indexName = input.indexName
        self.topKCount = input.topK
        var vector: [Float] = []
        vector.reserveCapacity(input.searchVector.count)
        for element in input.searchVector {
            if let failure = element.failure { throw ValidationFailure(failure.message) }
            guard let number = element.stored.flatMap(VectorEntry.number) else {
                throw ValidationFailure("Search vector contains invalid values")
            }
            vector.append(number)
        }
        self.vector = vector
        var context = try ExpressionContext(
            names: input.expressionAttributeNames, values: input.expressionAttributeValues)
        if let text = input.searchConditionExpression {
            self.condition = try context.condition(text, .search)
        } else {
            self.condition = nil
        }
        self.projection = try ItemProjection(expression: input.projectionExpression, &context)
        try context.finish()
    }

    /// The search of an index of the table.
    func search(_ table: TableDescriptor) throws(ValidationFailure) -> VectorSearch {
        guard let index = table.vectorIndex(self.indexName), index.state != .deleting else {
            throw ValidationFailure("The table does not have the specified index: \(self.indexName)")
        }
        guard index.state == .active else {
            throw ValidationFailure("Cannot search backfilling vector index: \(self.indexName)")
        }
        guard self.vector.count == index.dimensions else {
            throw ValidationFailure(
                "Input search vector dimension \(self.vector.count) does not match vector index dimension "
                    + "\(index.dimensions)")
        }
        try self.condition?.checkSearch(index.elements)
        var partition: ArraySlice<UInt8>?
        if let element = index.partition {
            guard let condition = self.condition else {
                throw ValidationFailure(
                    "SearchConditionExpression must be provided when SearchSchema has a HASH key"
                )
            }
            guard let value = condition.requiredValue(of: element.name) else {
                throw ExpressionKind.search.invalid(
                    "The HASH key of the SearchSchema must be compared with =; attribute: \(element.name)"
                )
            }
            guard value.type == element.type else { throw .indexType(element, value.type, indexName: index.name) }
            partition = value.content
        }
        try self.projection.check(table)
        if let name = self.projection.attributeNames.first(where: { !index.isProjected($0.utf8, table.schema) }) {
            throw .invalid("Vector index \(index.name) does not project [\(name)]")
        }
        return VectorSearch(
            index: index,
            range: KeyRange(prefix: VectorEntry.partition(index, table, partition)),
            vector: self.vector,
            condition: self.condition,
            topKCount: self.topKCount
        )
    }
}

/// A search of one partition of an index, or of an index without partitions.
struct VectorSearch: Sendable {
    /// Entries evaluated before other tasks on the same thread can run, and their bytes.
    static let sliceCountMax = 100
    static let sliceBytesMax = 256 << 10
    /// The limit on the size of an answer.
    /// - Source: DynamoDB Developer Guide, "Requirements and limitations" of vector indexes.
    static let answerBytesMax = 16 << 20

    let index: VectorIndexDescriptor
    let range: KeyRange
    let vector: [Float]
    let condition: Condition?
    let topKCount: Int

    struct Match: Sendable {
        let item: AttributeMap
        let score: Double
    }

    struct Answer: Sendable {
        /// The most similar first.
        var matches: [Match] = []
    }

    /// The charged size of a search: a share for each dimension, and the other attributes of the items found, before
    /// the projection.
    ///
    /// AWS answers the same request with one of two figures; this is the lower and more frequent one.
    /// - Source: figures that AWS answered in August 2026, as public sources quote them.
    func requestBytes(_ answer: Answer) -> Double {
        let items = answer.matches.reduce(0) { bytes, match in
            bytes + match.item.filter { !$0.elementsEqual(self.index.attribute.utf8) }.itemBytes
        }
        return max(1024, (17.6 * Double(self.index.dimensions) + Double(items)).rounded())
    }

    /// Adds an entry to the answer if it is among the most similar ones so far.
    func take(_ entry: VectorEntry, _ answer: inout Answer) {
        if let condition = self.condition, !condition.holds(for: entry.item) { return }
        let score = self.index.distance.score(self.vector, entry.vector)
        if answer.matches.count == self.topKCount, let last = answer.matches.last,
            !self.index.distance.isCloser(score, last.score)
        {
            return
        }
        let place =
            answer.matches.firstIndex { self.index.distance.isCloser(score, $0.score) } ?? answer.matches.count
        answer.matches.insert(Match(item: entry.item, score: score), at: place)
        if answer.matches.count > self.topKCount { answer.matches.removeLast() }
    }
}

extension ItemStore {
    /// Compares all vectors in the search's range: the result is exact, not an approximation.
    func search(_ search: VectorSearch) async throws(ServiceError) -> VectorSearch.Answer {
        var answer = VectorSearch.Answer()
        var range = search.range
        while !range.isEmpty {
            // The loop's other connections get their turn, also before the first slice.
            await Task.yield()
            let page = try await self.scan(
                range, limit: VectorSearch.sliceCountMax, byteLimit: VectorSearch.sliceBytesMax, reverse: false)
            for record in page.entries.map(\.record) {
                guard let entry = VectorEntry(stored: record.value), entry.vector.count == search.vector.count else {
                    throw ServiceError(.corrupt("vector index entry"))
                }
                search.take(entry, &answer)
            }
            guard let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
        }
        return answer
    }
}
