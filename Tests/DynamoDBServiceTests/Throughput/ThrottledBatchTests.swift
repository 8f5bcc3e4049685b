import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceModel
import Testing

/// Batches and transactions of which a part, or all, goes over a table's throughput.
struct ThrottledBatchTests {
    /// `items` with one unit a second, and `other` on demand.
    private static func fixture() async throws(ServiceError) -> ItemFixture {
        var input = ItemFixture.plain
        input.billingMode = .provisioned
        input.provisionedThroughput = ProvisionedThroughput(readCapacityUnits: 1, writeCapacityUnits: 1)
        let fixture = try await ItemFixture(input)
        var other = ItemFixture.plain
        other.tableName = "other"
        try await fixture.tables.create(other)
        return fixture
    }

    private static func write(_ number: Int, bytes: Int = 0) -> WriteRequest {
        WriteRequest(putRequest: PutRequest(item: item(key("p", number) + [("data", text(bytes))])))
    }

    @Test func `writes for which there is no capacity come back`() async throws {
        let fixture = try await Self.fixture()
        try await fixture.put(key("p", 0) + [("data", text(298 << 10))])
        let input = BatchWriteItemInput(requestItems: [
            "items": (1...3).map { Self.write($0, bytes: 2000) }, "other": [Self.write(1)],
        ])
        let answer = try await fixture.service.batchWriteItem(input, fixture.context)
        #expect(answer.unprocessedItems?["items"]?.count == 2)
        #expect(answer.unprocessedItems?["other"] == nil)
    }

    @Test func `a batch of writes of which none can be done is refused`() async throws {
        let fixture = try await Self.fixture()
        try await fixture.put(key("p", 0) + [("data", text(300 << 10))])
        let input = BatchWriteItemInput(requestItems: ["items": [Self.write(1), Self.write(2)]])
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.service.batchWriteItem(input, fixture.context)
        }
        #expect(refusal?.code == "ProvisionedThroughputExceededException")
        #expect(refusal?.message == ThrottlingTests.tableSentence)
    }

    @Test func `keys for which there is no capacity come back, unless none can be read`() async throws {
        let fixture = try await Self.fixture()
        for _ in 0..<299 { try await fixture.get(key("p", 0)) { $0.consistentRead = true } }
        func batch(_ tables: [String]) async throws(ServiceError) -> BatchGetItemOutput {
            let keys = KeysAndAttributes(keys: (0..<3).map { item(key("p", $0)) }, consistentRead: true)
            let requests = Dictionary(uniqueKeysWithValues: tables.map { ($0, keys) })
            let input = BatchGetItemInput(requestItems: requests, returnConsumedCapacity: .total)
            return try await fixture.service.batchGetItem(input, fixture.context)
        }
        let answer = try await batch(["items"])
        #expect(answer.unprocessedKeys?["items"]?.keys.count == 2)
        #expect(answer.consumedCapacity?.map { shown($0) } == ["items 1.0"])
        let refusal = await refused { () throws(ServiceError) in try await batch(["items"]) }
        #expect(refusal?.code == "ProvisionedThroughputExceededException")
        #expect(refusal?.message == ThrottlingTests.tableSentence)
        #expect(try await batch(["items", "other"]).unprocessedKeys?["items"]?.keys.count == 3)
    }

    @Test func `a transaction is cancelled for the items whose table has no capacity`() async throws {
        let fixture = try await Self.fixture()
        func write() async throws(ServiceError) {
            let actions = ["items", "other"].map {
                TransactWriteItem(put: Put(item: item(key("t", 0) + [("data", text(149 << 10))]), tableName: $0))
            }
            let input = TransactWriteItemsInput(transactItems: actions)
            _ = try await fixture.service.transactWriteItems(input, fixture.context)
        }
        // Each KB twice: 300 units.
        try await write()
        let refusal = await refused(write)
        #expect(refusal?.code == "TransactionCanceledException")
        let reasons = (refusal?.detail as? TransactionCanceledException)?.cancellationReasons
        #expect(reasons?.map(\.code) == ["ProvisionedThroughputExceeded", "None"])
        #expect(reasons?.map(\.message) == [ThrottlingTests.tableSentence, nil])
    }

    @Test func `a transaction of reads is cancelled likewise`() async throws {
        let fixture = try await Self.fixture()
        func read() async throws(ServiceError) {
            let gets = (0..<75).map {
                TransactGetItem(get: Get(key: item(key("p", $0)), tableName: "items"))
            }
            _ = try await fixture.service.transactGetItems(TransactGetItemsInput(transactItems: gets), fixture.context)
        }
        // Two units for each item, whether it is there or not.
        try await read()
        try await read()
        let refusal = await refused(read)
        #expect(refusal?.code == "TransactionCanceledException")
        let reasons = (refusal?.detail as? TransactionCanceledException)?.cancellationReasons
        #expect(reasons?.first?.code == "ProvisionedThroughputExceeded")
    }
}
