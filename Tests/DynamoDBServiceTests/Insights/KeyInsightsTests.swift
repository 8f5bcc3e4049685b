import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Synchronization
import Telemetry
import Testing

/// Keeps every measurement.
private final class Recorder: TelemetryPort {
    private let data = Mutex<[MetricDatum]>([])

    func record(_ datum: MetricDatum, account: AccountID, region: Region, time: Timestamp) {
        guard datum.name.hasPrefix("DynamoDBContributorInsights-") else { return }
        self.data.withLock { $0.append(datum) }
    }

    /// `rule: key=count` since the last call, the rule by its three letters, sorted.
    func take() -> [String] {
        self.data.withLock { data in
            defer { data = [] }
            return data.map { datum in
                let rule = datum.name.split(separator: "-")[1]
                let index = datum.name.contains("-one-") ? "/one" : ""
                let key = datum.dimensions.map(\.value).joined(separator: "+")
                return "\(rule)\(index): \(key)=\(datum.value)"
            }.sorted()
        }
    }
}

/// What is counted of the keys of requests, and told each minute.
struct KeyInsightsTests {
    private let recorder = Recorder()
    private let service: DynamoDBService
    private let context = TableFixture.context()

    init() async throws {
        self.service = DynamoDBService(
            store: MemoryStore(),
            clock: ManualClock(),
            random: SeededRandomSource(seed: 7),
            telemetry: self.recorder
        )
        let input = tableInput("table", defined("pk", "sk", "a"), [hash("pk"), range("sk")]) {
            $0.globalSecondaryIndexes = [globalIndex("one", [hash("a")])]
        }
        _ = try await self.service.createTable(input, self.context)
    }

    private func enable(index: String? = nil, _ mode: ContributorInsightsMode? = nil) async throws {
        let input = UpdateContributorInsightsInput(
            tableName: "table", indexName: index, contributorInsightsAction: .enable, contributorInsightsMode: mode)
        _ = try await self.service.updateContributorInsights(input, self.context)
    }

    private func put(_ partition: String, _ sort: String, _ more: [(String, AttributeValue)] = []) async throws {
        let entries: [(String, AttributeValue)] = [("pk", .s(partition)), ("sk", .s(sort))] + more
        _ = try await self.service.putItem(PutItemInput(tableName: "table", item: item(entries)), self.context)
    }

    private func told() -> [String] {
        self.service.publishInsights()
        return self.recorder.take()
    }

    @Test func `nothing is counted where nobody asked`() async throws {
        try await self.put("p", "s")
        #expect(self.told() == [])
    }

    @Test func `a unit of writing counts as three of reading, by partition and by whole key`() async throws {
        try await self.enable()
        try await self.put("p", "s")
        try await self.put("p", "t")
        let key = item([("pk", .s("p")), ("sk", .s("s"))])
        _ = try await self.service.getItem(
            GetItemInput(tableName: "table", key: key, consistentRead: true), self.context)
        #expect(self.told() == ["PKC: p=7.0", "SKC: p+s=4.0", "SKC: p+t=3.0"])
        #expect(self.told() == [])
    }

    @Test func `a Query counts once for its partition, a Scan for each item`() async throws {
        try await self.put("p", "s")
        try await self.put("p", "t")
        try await self.put("q", "u")
        try await self.enable()
        let query = QueryInput(
            tableName: "table",
            consistentRead: true,
            keyConditionExpression: "pk = :p",
            expressionAttributeValues: item([(":p", .s("p"))])
        )
        _ = try await self.service.query(query, self.context)
        #expect(self.told() == ["PKC: p=1.0"])
        _ = try await self.service.scan(ScanInput(tableName: "table", consistentRead: true), self.context)
        #expect(self.told() == ["PKC: p=2.0", "PKC: q=1.0", "SKC: p+s=1.0", "SKC: p+t=1.0", "SKC: q+u=1.0"])
    }

    @Test func `batches and transactions count each item`() async throws {
        try await self.enable()
        let put = WriteRequest(putRequest: PutRequest(item: item([("pk", .s("p")), ("sk", .s("s"))])))
        _ = try await self.service.batchWriteItem(
            BatchWriteItemInput(requestItems: ["table": [put]]), self.context)
        #expect(self.told() == ["PKC: p=3.0", "SKC: p+s=3.0"])
        let keys = [item([("pk", .s("p")), ("sk", .s("s"))]), item([("pk", .s("p")), ("sk", .s("none"))])]
        let get = BatchGetItemInput(
            requestItems: ["table": KeysAndAttributes(keys: keys, consistentRead: true)])
        _ = try await self.service.batchGetItem(get, self.context)
        #expect(self.told() == ["PKC: p=2.0", "SKC: p+none=1.0", "SKC: p+s=1.0"])
        let action = TransactWriteItem(
            put: Put(item: item([("pk", .s("q")), ("sk", .s("s"))]), tableName: "table"))
        _ = try await self.service.transactWriteItems(
            TransactWriteItemsInput(transactItems: [action]), self.context)
        #expect(self.told() == ["PKC: q=6.0", "SKC: q+s=6.0"])
        let read = TransactGetItem(get: Get(key: keys[0], tableName: "table"))
        _ = try await self.service.transactGetItems(TransactGetItemsInput(transactItems: [read]), self.context)
        #expect(self.told() == ["PKC: p=2.0", "SKC: p+s=2.0"])
    }

    @Test func `an index counts what it is written and read, by its own key`() async throws {
        try await self.enable(index: "one")
        try await self.put("p", "s")
        try await self.put("p", "t", [("a", .s("x"))])
        #expect(self.told() == ["PKC/one: x=3.0"])
        let query = QueryInput(
            tableName: "table",
            indexName: "one",
            keyConditionExpression: "a = :a",
            expressionAttributeValues: item([(":a", .s("x"))])
        )
        _ = try await self.service.query(query, self.context)
        #expect(self.told() == ["PKC/one: x=0.5"])
    }

    @Test func `where throttled keys alone are wanted, accesses are not counted`() async throws {
        try await self.enable(.throttledKeys)
        try await self.put("p", "s")
        #expect(self.told() == [])
    }

    @Test func `keys that are throttled are counted`() async throws {
        let input = tableInput("small", defined("pk"), [hash("pk")]) {
            $0.billingMode = .provisioned
            $0.provisionedThroughput = ProvisionedThroughput(readCapacityUnits: 1, writeCapacityUnits: 1)
        }
        _ = try await self.service.createTable(input, self.context)
        let insights = UpdateContributorInsightsInput(
            tableName: "small", contributorInsightsAction: .enable, contributorInsightsMode: .throttledKeys)
        _ = try await self.service.updateContributorInsights(insights, self.context)
        var refused = 0
        let put = PutItemInput(tableName: "small", item: item([("pk", .s("hot"))]))
        for _ in 0..<310 {
            do throws(ServiceError) {
                _ = try await self.service.putItem(put, self.context)
            } catch {
                #expect(error.code == "ProvisionedThroughputExceededException")
                refused += 1
            }
        }
        #expect(refused > 0)
        #expect(self.told() == ["PKT: hot=\(Double(refused))"])
    }

    @Test func `the hottest key is found among more keys than are kept`() async throws {
        try await self.enable()
        for number in 0..<250 {
            try await self.put("cold-\(number)", "s")
            if number % 2 == 0 { try await self.put("hot", "s") }
        }
        let told = self.told().filter { $0.hasPrefix("PKC") }
        #expect(told.count == 10)
        #expect(told.contains { $0.hasPrefix("PKC: hot=") })
    }
}
