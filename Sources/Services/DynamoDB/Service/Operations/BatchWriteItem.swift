package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    /// The limit on write requests of one call, over all tables.
    static let batchWriteRequestsMax = 25

    package func access(_ input: BatchWriteItemInput, _ context: RequestContext) -> [ResourceAccess] {
        var list = AccessList(context)
        for (table, requests) in input.requestItems.sorted(by: { $0.key < $1.key }) {
            list.add("BatchWriteItem", table) { keys in
                for request in requests {
                    if let item = request.putRequest?.item ?? request.deleteRequest?.key { keys.add(item) }
                }
                keys.set(returnConsumedCapacity: input.returnConsumedCapacity)
            }
        }
        return list.accesses
    }

    /// Everything is checked before anything is written; the writes are then independent, as AWS promises no more.
    package func batchWriteItem(
        _ input: BatchWriteItemInput, _ context: RequestContext
    ) async throws(ServiceError) -> BatchWriteItemOutput {
        let writes = try await self.plan(input, context)
        let outcomes = await self.run(writes)
        var consumptions: [String: Consumption] = [:]
        var unprocessed: [String: [WriteRequest]] = [:]
        var metrics: [String: [ItemCollectionMetrics]] = [:]
        var refusal: ServiceError?
        for (write, outcome) in zip(writes, outcomes) {
            switch outcome {
            case .success(let done):
                consumptions[write.table, default: Consumption(write.table, for: input.returnConsumedCapacity)]
                    .addWrite(done.old, write.item, done.descriptor)
                let collection = ItemCollection.metrics(write.key, done.descriptor, input.returnItemCollectionMetrics)
                if let collection { Self.add(collection, to: &metrics[write.table, default: []]) }
            case .failure(let error) where error.isThrottling:
                refusal = error
                unprocessed[write.table, default: []].append(write.request)
            case .failure(let error):
                throw error
            }
        }
        // Nothing could be written.
        if let refusal, consumptions.isEmpty { throw refusal }
        let reports = consumptions.sorted { $0.key < $1.key }.compactMap {
            $0.value.report()
        }
        return BatchWriteItemOutput(
            unprocessedItems: unprocessed,
            itemCollectionMetrics: metrics.isEmpty ? nil : metrics,
            consumedCapacity: reports.isEmpty ? nil : reports
        )
    }

    /// Each collection is listed once, however many of its items were written.
    static func add(_ collection: ItemCollectionMetrics, to metrics: inout [ItemCollectionMetrics]) {
        guard !metrics.contains(where: { $0.itemCollectionKey == collection.itemCollectionKey }) else { return }
        metrics.append(collection)
    }

    private struct BatchWrite: Sendable {
        let table: String
        let reference: TableReference
        let request: WriteRequest
        /// nil for a delete.
        let item: AttributeMap?
        let key: AttributeMap
    }

    private struct Done: Sendable {
        let old: AttributeMap?
        let descriptor: TableDescriptor
    }

    /// Order of checks: the number of requests, the tables' names, the content of each request, the tables, the keys.
    private func plan(
        _ input: BatchWriteItemInput, _ context: RequestContext
    ) async throws(ServiceError) -> [BatchWrite] {
        guard !input.requestItems.isEmpty else {
            throw .validation("The requestItems parameter is required for BatchWriteItem")
        }
        let count = input.requestItems.values.reduce(0) { $0 + $1.count }
        guard count <= Self.batchWriteRequestsMax else {
            throw .validation("Too many items requested for the BatchWriteItem call")
        }
        let tables = input.requestItems.sorted { $0.key < $1.key }
        var references: [TableReference] = []
        for (table, requests) in tables {
            references.append(try TableReference(table, context))
            for request in requests {
                try validating { () throws(ValidationFailure) in try Self.check(request) }
            }
        }
        var writes: [BatchWrite] = []
        var seen: Set<[UInt8]> = []
        for ((table, requests), reference) in zip(tables, references) {
            let descriptor = try await self.items.descriptor(reference)
            for request in requests {
                let item = request.putRequest?.item
                let key = item ?? request.deleteRequest?.key ?? AttributeMap()
                try validating { () throws(ValidationFailure) in try Self.checkKeys(item, key, descriptor) }
                guard seen.insert(KeyEncoder.tableKey(descriptor.space, descriptor.schema, key)).inserted else {
                    throw .validation("Provided list of item keys contains duplicates")
                }
                writes.append(
                    BatchWrite(table: table, reference: reference, request: request, item: item, key: key)
                )
            }
        }
        return writes
    }

    private static func checkKeys(
        _ item: AttributeMap?, _ key: AttributeMap, _ table: TableDescriptor
    ) throws(ValidationFailure) {
        if let item {
            try ItemCheck.batchKeys(item, table)
        } else {
            try KeyCheck.key(key, table.schema)
        }
    }

    private static func check(_ request: WriteRequest) throws(ValidationFailure) {
        switch (request.putRequest, request.deleteRequest) {
        case (nil, nil), (_?, _?):
            throw ValidationFailure(
                "Supplied AttributeValue has more than one datatypes set, "
                    + "must contain exactly one of the supported datatypes"
            )
        case (let put?, nil):
            if let failure = put.item.failure { throw ValidationFailure(failure.message) }
            try ItemCheck.size(put.item)
        case (nil, let delete?):
            if let failure = delete.key.failure { throw ValidationFailure(failure.message) }
        }
    }

    /// The result of one write, with its index.
    private struct Outcome: Sendable {
        let index: Int
        let result: Result<Done, ServiceError>
    }

    /// Concurrently, so that they share a group commit.
    private func run(_ writes: [BatchWrite]) async -> [Result<Done, ServiceError>] {
        let items = self.items
        return await withTaskGroup(of: Outcome.self) { group in
            for (index, write) in writes.enumerated() {
                group.addTask { Outcome(index: index, result: await Self.result(write, items)) }
            }
            var outcomes: [Outcome] = []
            for await outcome in group { outcomes.append(outcome) }
            return outcomes.sorted { $0.index < $1.index }.map(\.result)
        }
    }

    /// A separate function: when the task's closure caught the typed error itself, an optimised build of Swift 6.3.1
    /// returned a wrong index from it and trapped.
    private static func result(_ write: BatchWrite, _ items: ItemStore) async -> Result<Done, ServiceError> {
        do throws(ServiceError) {
            return .success(try await self.write(write, items))
        } catch {
            return .failure(error)
        }
    }

    private static func write(_ write: BatchWrite, _ items: ItemStore) async throws(ServiceError) -> Done {
        try await items.write(write.reference) { (table) throws(ServiceError) in
            // The table may have been replaced by another one of the same name.
            try validating { () throws(ValidationFailure) in try Self.checkKeys(write.item, write.key, table) }
            return write.key
        } decide: { (table, existing) throws(ServiceError) in
            let change: ItemStore.Change = write.item.map { .put($0) } ?? (existing == nil ? .none : .delete)
            return (change, Done(old: existing, descriptor: table))
        }
    }
}
