internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

/// What a Query or Scan reads: the range, the limits and the filter.
struct PageRequest {
    /// A page ends with the item that reaches 1 MB, before the filter.
    ///
    /// AWS charges 128.5 units for each page of a long scan, not 128: the item that goes over is part of the page.
    static let pageBytesMax = 1 << 20
    /// Limits on what one slice reads. A longer page takes several slices, each of which must seek to its start again.
    static let sliceCountMax = 400
    static let sliceBytesMax = 64 << 10

    var table: TableDescriptor
    /// nil: the table itself.
    var index: IndexDescriptor?
    var range: KeyRange
    var isReverse = false
    var limit: Int?
    var filter: Condition?
    /// Contents of the partition key that items must have: their place is a hash, so the key itself is compared.
    var partition: [ArraySlice<UInt8>]?
    /// Whether the items themselves are wanted, or only their number.
    var collectsItems = true
    /// What is read twice as dear; every page is as fresh as can be.
    var isConsistent = false
    /// Local indexes: what is wanted is not all in the index, so the table's item is read.
    var fetchesFromTable = false
}

/// What was read.
struct PageAnswer {
    var items: [AttributeMap] = []
    var count = 0
    var scannedCount = 0
    /// AWS's size of everything evaluated.
    var evaluatedBytes = 0
    /// The key of the last item evaluated, when there may be more.
    var lastKey: AttributeMap?
    /// Sizes of the items that were fetched from the table.
    var fetchedBytes: [Int] = []
}

extension ItemStore {
    /// Reads one page: it ends with `limit` items, or the one that reaches 1 MB.
    func page(_ request: PageRequest) async throws(ServiceError) -> PageAnswer {
        try self.meters.admit(.read, request.table, request.index)
        let answer = try await self.unmeteredPage(request)
        try await self.checkPresence(request.table, indexNumber: request.index?.number, request.index?.name)
        self.charge(answer, request)
        return answer
    }

    /// Refuses what was read of a table or an index that went meanwhile: a part may have been removed before it was
    /// read. The descriptor is read again only where a commit may have touched it.
    func checkPresence(
        _ table: TableDescriptor, indexNumber: UInt16?, _ indexName: String?
    ) async throws(ServiceError) {
        var present: TableDescriptor?
        if let known = self.catalog.cached(table.reference),
            self.store.isUntouched(known.key, since: known.currentAsOf), self.catalog.servesItems(known.descriptor)
        {
            present = known.descriptor
        } else {
            present = try await self.descriptor(table.reference)
        }
        guard let present, present.number == table.number else { throw .resourceNotFound }
        guard let indexNumber, let indexName else { return }
        let isThere =
            present.indexes.contains { $0.number == indexNumber && $0.state != .deleting }
            || present.vectorIndexes.contains { $0.number == indexNumber && $0.state != .deleting }
        guard isThere else { throw .validation(IndexChoice.missing(indexName)) }
    }

    private func unmeteredPage(_ request: PageRequest) async throws(ServiceError) -> PageAnswer {
        var answer = PageAnswer()
        var range = request.range
        let notes = request.table.insights.isCounting && request.partition == nil
        while !range.isEmpty {
            // A filter of 4 KB may look through a slice 150 times: the loop's other connections get their turn, also
            // before the first slice, which would otherwise be read as soon as the request has come.
            if request.filter != nil { await Task.yield() }
            let left = request.limit.map { $0 - answer.scannedCount } ?? PageRequest.sliceCountMax
            let page = try await self.scan(
                range,
                limit: min(left, PageRequest.sliceCountMax),
                byteLimit: PageRequest.sliceBytesMax,
                reverse: request.isReverse
            )
            for index in page.entries.indices {
                let item = try Self.item(page.entries, at: index)
                guard Self.isInPartition(item, request) else { continue }
                answer.evaluatedBytes += item.itemBytes
                answer.scannedCount += 1
                if notes { self.noteScanned(item, request) }
                if request.fetchesFromTable {
                    try await self.fetch(item, request, &answer)
                } else {
                    Self.keep(item, request, &answer)
                }
                if answer.scannedCount == request.limit || answer.evaluatedBytes >= PageRequest.pageBytesMax {
                    answer.lastKey = Self.key(of: item, request)
                    return answer
                }
            }
            guard let continuation = page.continuation else { return answer }
            range = range.continued(from: continuation, reverse: request.isReverse)
        }
        return answer
    }

    /// Reads the item that an entry of an index is of, and keeps it where the filter holds.
    private func fetch(
        _ entry: AttributeMap, _ request: PageRequest, _ answer: inout PageAnswer
    ) async throws(ServiceError) {
        let key = KeyEncoder.tableKey(request.table.space, request.table.schema, entry)
        let read = try await self.get([key], .forAnswer)
        guard let whole = try Self.item(read[0]) else { return }
        answer.fetchedBytes.append(whole.itemBytes)
        Self.keep(whole, request, &answer)
    }

    private static func keep(_ item: AttributeMap, _ request: PageRequest, _ answer: inout PageAnswer) {
        if let filter = request.filter, !filter.holds(for: item) { return }
        answer.count += 1
        if request.collectsItems { answer.items.append(item) }
    }

    private static func isInPartition(_ item: AttributeMap, _ request: PageRequest) -> Bool {
        guard let partition = request.partition else { return true }
        let schema = request.index?.schema ?? request.table.schema
        for (element, content) in zip(schema.partition, partition) where !item.has(element.name, content: content) {
            return false
        }
        return true
    }

    /// `LastEvaluatedKey`: the table's key, and the index's.
    private static func key(of item: AttributeMap, _ request: PageRequest) -> AttributeMap {
        item.filter { request.table.schema.contains($0) || request.index?.schema.contains($0) ?? false }
    }
}
