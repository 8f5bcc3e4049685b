import DynamoDBModel
import DynamoDBService
import DynamoDBStreamsModel
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Telemetry
import Testing

/// What is handed over to CloudWatch each minute.
struct MetricsTests {
    private let fixture = MetricsFixture()

    @Test func `what tables consume and may consume has AWS's names and dimensions`() async throws {
        try await self.fixture.create(ItemFixture.indexed, units: (5, 400))
        _ = try await self.fixture.put(key("p", 0) + [("gp", .s("g")), ("gs", int(1)), ("data", text(2 << 10))])
        try await self.fixture.call("GetItem", GetItemInput(tableName: "items", key: item(key("p", 5))))
        try await self.fixture.call("Scan", ScanInput(tableName: "items", indexName: "global", consistentRead: false))
        self.fixture.service.publishMetrics()
        await self.fixture.service.publishLimits()
        #expect(self.fixture.sum("ConsumedWriteCapacityUnits", ["TableName": "items"]) == 3)
        #expect(self.fixture.sum("ConsumedReadCapacityUnits", ["TableName": "items"]) == 0.5)
        let index: KeyValuePairs = ["GlobalSecondaryIndexName": "global", "TableName": "items"]
        #expect(self.fixture.sum("ConsumedWriteCapacityUnits", index) == 1)
        #expect(self.fixture.sum("ConsumedReadCapacityUnits", index) == 0.5)
        for dimensions in [["TableName": "items"], index] {
            #expect(self.fixture.sum("ProvisionedReadCapacityUnits", dimensions) == 5)
            #expect(self.fixture.sum("ProvisionedWriteCapacityUnits", dimensions) == 400)
        }
        #expect(self.fixture.sum("OnDemandMaxReadRequestUnits", ["TableName": "items"]) == nil)
        #expect(self.fixture.sum("AccountMaxReads") == 80_000)
        #expect(self.fixture.sum("AccountMaxTableLevelWrites") == 40_000)
    }

    @Test func `accounts are told how much of their provisioned capacity they use`() async throws {
        try await self.fixture.create(ItemFixture.indexed, units: (10, 10))
        await self.fixture.service.publishLimits()
        for sort in 0..<300 { _ = try await self.fixture.put(key("p", sort)) }
        self.fixture.service.publishMetrics()
        self.fixture.clock.advance(milliseconds: 60_000)
        await self.fixture.service.publishLimits()
        // 5 of 10 units a second of the table, and none of its two global indexes.
        #expect(self.fixture.sum("MaxProvisionedTableWriteCapacityUtilization") == 50)
        let account = try #require(self.fixture.sum("AccountProvisionedWriteCapacityUtilization"))
        #expect(abs(account - 50.0 / 3) < 0.001)
        #expect(self.fixture.sum("AccountProvisionedReadCapacityUtilization") == 0)
    }

    @Test func `nothing is handed over twice, and the minute is that in which it was counted`() async throws {
        try await self.fixture.create()
        _ = try await self.fixture.put(key("p", 0))
        // 05:00:30 and 05:01:00 and a little.
        self.fixture.clock.advance(milliseconds: 29_900)
        self.fixture.service.publishMetrics()
        _ = try await self.fixture.put(key("p", 1))
        self.fixture.service.publishMetrics()
        self.fixture.service.publishMetrics()
        let id = try #require(
            self.fixture.history.totals.map(\.id).first { $0.name == "ConsumedWriteCapacityUnits" })
        let sets = self.fixture.history.statistics(
            of: id, from: Timestamp(secondsSinceEpoch: 0), to: Timestamp(secondsSinceEpoch: 2_000_000_000))
        #expect(sets.map(\.set.sum) == [1, 1])
        #expect(sets.map { $0.minute.secondsSinceEpoch % 3600 } == [0, 60])
    }

    @Test func `the maximums of on-demand tables are told, and what they throttle`() async throws {
        var input = ItemFixture.plain
        input.onDemandThroughput = OnDemandThroughput(maxReadRequestUnits: 7, maxWriteRequestUnits: 1)
        try await self.fixture.create(input)
        _ = try await self.fixture.put(key("p", 0) + [("data", text(399 << 10))])
        #expect(try await self.fixture.put(key("p", 1)) == "ThrottlingException")
        self.fixture.service.publishMetrics()
        await self.fixture.service.publishLimits()
        #expect(self.fixture.sum("OnDemandMaxReadRequestUnits", ["TableName": "items"]) == 7)
        #expect(self.fixture.sum("WriteThrottleEvents", ["TableName": "items"]) == 1)
        #expect(self.fixture.sum("WriteMaxOnDemandThroughputThrottleEvents", ["TableName": "items"]) == 1)
        #expect(self.fixture.sum("ThrottledRequests", ["Operation": "PutItem", "TableName": "items"]) == 1)
        #expect(self.fixture.sum("UserErrors") == nil)
    }

    @Test func `latency and returned items are told by operation`() async throws {
        try await self.fixture.create()
        for sort in 0..<3 { _ = try await self.fixture.put(key("p", sort)) }
        let arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/items"
        try await self.fixture.call("Scan", ScanInput(tableName: "items", limit: 2))
        try await self.fixture.call("Scan", ScanInput(tableName: arn, select: .count))
        self.fixture.service.publishMetrics()
        let put = try #require(
            self.fixture.set("SuccessfulRequestLatency", ["Operation": "PutItem", "TableName": "items"]))
        #expect(put.sampleCount == 3)
        #expect(put.minimum > 0 && put.maximum >= put.minimum && put.sum >= put.maximum)
        let scan = try #require(
            self.fixture.set("ReturnedItemCount", ["Operation": "Scan", "TableName": "items"]))
        #expect([scan.sampleCount, scan.sum, scan.minimum, scan.maximum] == [2, 5, 2, 3])
        #expect(self.fixture.set("ReturnedItemCount", ["Operation": "PutItem", "TableName": "items"]) == nil)
    }

    @Test func `a throttled request counts for its operation and for what throttled it`() async throws {
        try await self.fixture.create(units: (1, 1))
        _ = try await self.fixture.put(key("p", 0) + [("data", text(300 << 10))])
        #expect(try await self.fixture.put(key("p", 1)) == "ProvisionedThroughputExceededException")
        let batch = BatchWriteItemInput(requestItems: [
            "items": (2..<5).map { WriteRequest(putRequest: PutRequest(item: item(key("p", $0)))) }
        ])
        #expect(try await self.fixture.call("BatchWriteItem", batch) == "ProvisionedThroughputExceededException")
        self.fixture.service.publishMetrics()
        #expect(self.fixture.sum("WriteThrottleEvents", ["TableName": "items"]) == 4)
        #expect(self.fixture.sum("WriteProvisionedThroughputThrottleEvents", ["TableName": "items"]) == 4)
        #expect(self.fixture.sum("ThrottledRequests", ["Operation": "PutItem", "TableName": "items"]) == 1)
        #expect(self.fixture.sum("ThrottledRequests", ["Operation": "BatchWriteItem", "TableName": "items"]) == 1)
        #expect(self.fixture.sum("UserErrors") == nil)
    }

    @Test func `a condition that fails is no user's error, and others are`() async throws {
        try await self.fixture.create()
        var input = PutItemInput(tableName: "items", item: item(key("p", 1)))
        input.conditionExpression = "attribute_exists(pk)"
        #expect(try await self.fixture.call("PutItem", input) == "ConditionalCheckFailedException")
        try await self.fixture.call("GetItem", GetItemInput(tableName: "absent", key: item(key("p", 5))))
        try await self.fixture.call("GetItem", GetItemInput(tableName: "items", key: item([])))
        try await self.fixture.call("DescribeTable", DescribeTableInput(tableName: "absent"))
        self.fixture.service.publishMetrics()
        #expect(self.fixture.sum("ConditionalCheckFailedRequests", ["TableName": "items"]) == 1)
        #expect(self.fixture.sum("UserErrors") == 3)
        #expect(!self.fixture.history.totals.map(\.id).contains { $0.dimensions.contains { $0.value == "absent" } })
    }

    @Test func `actions of a cancelled transaction count for their tables`() async throws {
        try await self.fixture.create()
        var other = ItemFixture.plain
        other.tableName = "other"
        try await self.fixture.create(other)
        func put(_ table: String, _ sort: Int, _ condition: String) -> TransactWriteItem {
            TransactWriteItem(
                put: Put(item: item(key("p", sort)), tableName: table, conditionExpression: condition))
        }
        let input = TransactWriteItemsInput(transactItems: [
            put("items", 0, "attribute_exists(pk)"), put("items", 1, "attribute_exists(pk)"),
            put("other", 0, "attribute_not_exists(pk)"),
        ])
        #expect(try await self.fixture.call("TransactWriteItems", input) == "TransactionCanceledException")
        self.fixture.service.publishMetrics()
        #expect(self.fixture.sum("ConditionalCheckFailedRequests", ["TableName": "items"]) == 2)
        #expect(self.fixture.sum("ConditionalCheckFailedRequests", ["TableName": "other"]) == nil)
        #expect(self.fixture.sum("UserErrors") == 1)
    }

    @Test func `what the store cannot do is a system error`() async throws {
        try await self.fixture.create()
        self.fixture.store.refuseWrites("the disk is full")
        #expect(try await self.fixture.put(key("p", 0)) == "ServiceUnavailable")
        self.fixture.service.publishMetrics()
        #expect(self.fixture.sum("SystemErrors", ["Operation": "PutItem", "TableName": "items"]) == 1)
        #expect(self.fixture.sum("UserErrors") == nil)
    }

    @Test func `statements are told with and without their verb`() async throws {
        try await self.fixture.create()
        _ = try await self.fixture.put(key("p", 0))
        let select = "SELECT * FROM items WHERE pk = 'p'"
        for _ in 0..<2 { try await self.fixture.call("ExecuteStatement", ExecuteStatementInput(statement: select)) }
        let update = "UPDATE items SET a = 1 WHERE pk = 'p' AND sk = 0 AND a = 2"
        let batch = BatchExecuteStatementInput(statements: [BatchStatementRequest(statement: update)])
        try await self.fixture.call("BatchExecuteStatement", batch)
        self.fixture.service.publishMetrics()
        let whole: KeyValuePairs = ["Operation": "ExecuteStatement", "TableName": "items"]
        let verb: KeyValuePairs = [
            "Operation": "ExecuteStatement", "TableName": "items", "Verb": "PartiQLSelect",
        ]
        for dimensions in [whole, verb] {
            #expect(self.fixture.set("SuccessfulRequestLatency", dimensions)?.sampleCount == 2)
            #expect(self.fixture.sum("ReturnedItemCount", dimensions) == 2)
        }
        let written: KeyValuePairs = [
            "Operation": "BatchExecuteStatement", "OperationType": "Write", "TableName": "items",
        ]
        #expect(self.fixture.set("SuccessfulRequestLatency", written)?.sampleCount == 1)
        #expect(self.fixture.sum("ConditionalCheckFailedRequests", ["TableName": "items"]) == 1)
    }

    @Test func `records of a stream are counted for the stream`() async throws {
        var input = ItemFixture.plain
        input.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .keysOnly)
        let answer = try await self.fixture.service.createTable(input, self.fixture.context)
        let arn = try #require(answer.tableDescription?.latestStreamARN)
        for sort in 0..<2 { _ = try await self.fixture.put(key("p", sort)) }
        let stream = try await self.fixture.streams.describeStream(
            DescribeStreamInput(streamARN: arn), self.fixture.context)
        let shard = try #require(stream.streamDescription?.shards?.first?.shardID)
        let iterator = try await self.fixture.streams.getShardIterator(
            GetShardIteratorInput(streamARN: arn, shardID: shard, shardIteratorType: .trimHorizon),
            self.fixture.context
        ).shardIterator
        try await self.fixture.call("GetRecords", GetRecordsInput(shardIterator: iterator ?? ""))
        self.fixture.service.publishMetrics()
        let label = try #require(arn.split(separator: "/").last.map(String.init))
        let dimensions: KeyValuePairs = ["Operation": "GetRecords", "StreamLabel": label, "TableName": "items"]
        #expect(self.fixture.sum("ReturnedRecordsCount", dimensions) == 2)
        // "pk" and "p", "sk" and 0 or 1, which take one byte and two.
        #expect(self.fixture.sum("ReturnedBytes", dimensions) == 13)
        #expect(self.fixture.set("SuccessfulRequestLatency", dimensions)?.sampleCount == 1)
    }

    @Test func `accounts and regions have metrics of their own`() async throws {
        try await self.fixture.create()
        let other = TableFixture.context(account: "999999999999")
        try await self.fixture.call("CreateTable", ItemFixture.plain, as: other)
        try await self.fixture.call("GetItem", GetItemInput(tableName: "items", key: item(key("p", 5))), as: other)
        self.fixture.service.publishMetrics()
        #expect(self.fixture.sum("ConsumedReadCapacityUnits", ["TableName": "items"]) == nil)
        #expect(self.fixture.history.totals.map(\.id).contains { $0.account == other.account })
    }
}
