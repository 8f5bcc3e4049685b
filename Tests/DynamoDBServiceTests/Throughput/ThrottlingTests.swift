import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Testing

/// What is refused because a table's or an index's throughput is used up.
struct ThrottlingTests {
    static let tableSentence =
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        + "provisioning level with the UpdateTable API."
    static let indexSentence =
        "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
        + "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes "
        + "with the UpdateTable API"
    static let maximumSentence = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"

    private static func provisioned(read: Int = 1, write: Int = 1) -> CreateTableInput {
        var input = ItemFixture.plain
        input.billingMode = .provisioned
        input.provisionedThroughput = ProvisionedThroughput(readCapacityUnits: read, writeCapacityUnits: write)
        return input
    }

    private static func arn(_ rest: String = "") -> String {
        "arn:aws:dynamodb:eu-central-1:123456789012:table/items\(rest)"
    }

    /// Uses up 300 units of the table's writes, its whole burst at one unit a second.
    private func exhaustWrites(_ fixture: ItemFixture) async throws(ServiceError) {
        try await fixture.put(key("large", 0) + [("data", text(299 << 10))])
    }

    @Test func `a table gives five minutes of what it is provisioned for at once, then that a second`() async throws {
        let fixture = try await ItemFixture(Self.provisioned())
        for index in 0..<300 { try await fixture.put(key("p", index)) }
        let refusal = await refused { () throws(ServiceError) in try await fixture.put(key("p", 300)) }
        #expect(refusal?.code == "ProvisionedThroughputExceededException")
        #expect(refusal?.status == 400)
        #expect(refusal?.message == Self.tableSentence)
        let detail = refusal?.detail as? ProvisionedThroughputExceededException
        #expect(detail?.throttlingReasons?.map(\.reason) == ["TableWriteProvisionedThroughputExceeded"])
        #expect(detail?.throttlingReasons?.map(\.resource) == [Self.arn()])
        fixture.tables.clock.advance(milliseconds: 1000)
        try await fixture.put(key("p", 300))
        #expect(await refused { () throws(ServiceError) in try await fixture.put(key("p", 301)) } != nil)
        // Reads have units of their own.
        #expect(try await fixture.get(key("p", 300)).item != nil)
        #expect(try await fixture.get(key("p", 301)).item == nil)
    }

    @Test func `after the clock was set back a table goes on to get what it is provisioned for`() async throws {
        let fixture = try await ItemFixture(Self.provisioned())
        try await self.exhaustWrites(fixture)
        fixture.tables.clock.advance(milliseconds: -172_800_000)
        // Nothing has accrued, but the time from now on counts.
        #expect(await refused { () throws(ServiceError) in try await fixture.put(key("p", 0)) } != nil)
        fixture.tables.clock.advance(milliseconds: 1000)
        try await fixture.put(key("p", 0))
        // A moment that comes in the wrong order makes no second of two.
        fixture.tables.clock.advance(milliseconds: -900)
        #expect(await refused { () throws(ServiceError) in try await fixture.put(key("p", 0)) } != nil)
        fixture.tables.clock.advance(milliseconds: 900)
        #expect(await refused { () throws(ServiceError) in try await fixture.put(key("p", 0)) } != nil)
    }

    @Test func `a request may take more than is left, and the next ones wait until that is made up for`() async throws {
        let fixture = try await ItemFixture(Self.provisioned())
        try await fixture.put(key("p", 0) + [("data", text(390 << 10))])
        fixture.tables.clock.advance(milliseconds: 90_000)
        #expect(await refused { () throws(ServiceError) in try await fixture.delete(key("p", 1)) } != nil)
        fixture.tables.clock.advance(milliseconds: 2000)
        try await fixture.delete(key("p", 1))
    }

    @Test func `a quiet time gives back no more than five minutes`() async throws {
        let fixture = try await ItemFixture(Self.provisioned())
        fixture.tables.clock.advance(milliseconds: 3_600_000)
        try await self.exhaustWrites(fixture)
        #expect(await refused { () throws(ServiceError) in try await fixture.put(key("p", 0)) } != nil)
    }

    @Test func `a condition that fails is charged for the larger of the two items`() async throws {
        let fixture = try await ItemFixture(Self.provisioned())
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.put(key("p", 0) + [("data", text(300 << 10))]) {
                $0.conditionExpression = "attribute_exists(pk)"
            }
        }
        #expect(refusal?.code == "ConditionalCheckFailedException")
        let next = await refused { () throws(ServiceError) in try await fixture.put(key("p", 0)) }
        #expect(next?.message == Self.tableSentence)
    }

    @Test func `reads are charged by their consistency`() async throws {
        let fixture = try await ItemFixture(Self.provisioned(write: 1000))
        for _ in 0..<299 { try await fixture.get(key("p", 0)) { $0.consistentRead = true } }
        // Two halves.
        try await fixture.get(key("p", 0))
        try await fixture.query("pk = :p", [(":p", .s("p"))])
        // Named first: Swift 6.3.1 crashes over such closures in an array's literal.
        let get = { () async throws(ServiceError) in _ = try await fixture.get(key("p", 0)) }
        let query = { () async throws(ServiceError) in _ = try await fixture.query("pk = :p", [(":p", .s("p"))]) }
        let scan = { () async throws(ServiceError) in _ = try await fixture.scan() }
        for request in [get, query, scan] {
            let refusal = await refused(request)
            #expect(refusal?.message == Self.tableSentence)
            let detail = refusal?.detail as? ProvisionedThroughputExceededException
            #expect(detail?.throttlingReasons?.map(\.reason) == ["TableReadProvisionedThroughputExceeded"])
        }
    }

    @Test func `a write waits for the global indexes that it changes`() async throws {
        var input = ItemFixture.indexed
        input.billingMode = .provisioned
        input.provisionedThroughput = ProvisionedThroughput(readCapacityUnits: 1000, writeCapacityUnits: 1000)
        input.globalSecondaryIndexes?[0].provisionedThroughput = ProvisionedThroughput(
            readCapacityUnits: 1, writeCapacityUnits: 1)
        input.globalSecondaryIndexes?[1].provisionedThroughput = ProvisionedThroughput(
            readCapacityUnits: 1000, writeCapacityUnits: 1000)
        let fixture = try await ItemFixture(input)
        let entry: [(String, AttributeValue)] = [("gp", .s("g")), ("gs", int(1)), ("x", text(300 << 10))]
        try await fixture.put(key("p", 0) + entry)
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.put(key("p", 1) + [("gp", .s("g")), ("gs", int(2))])
        }
        #expect(refusal?.code == "ProvisionedThroughputExceededException")
        #expect(refusal?.message == Self.indexSentence)
        let detail = refusal?.detail as? ProvisionedThroughputExceededException
        #expect(detail?.throttlingReasons?.map(\.reason) == ["IndexWriteProvisionedThroughputExceeded"])
        #expect(detail?.throttlingReasons?.map(\.resource) == [Self.arn("/index/global")])
        #expect(try await fixture.stored(key("p", 1)) == nil)
        // It is in the other index only.
        try await fixture.put(key("p", 1) + [("gp", .s("g"))])
        // The entry in the index stays as it is.
        try await fixture.put(key("p", 0) + entry + [("y", int(1))])
        // Reads of the index are charged to it: 75 units and a half for a page with that item.
        for _ in 0..<8 { try await fixture.query("gp = :g", [(":g", .s("g"))], index: "global") }
        let read = await refused { () throws(ServiceError) in
            try await fixture.query("gp = :g", [(":g", .s("g"))], index: "global")
        }
        #expect(read?.message == Self.indexSentence)
    }

    @Test func `a maximum of an on-demand table is enforced, each kind for itself`() async throws {
        var input = ItemFixture.plain
        input.onDemandThroughput = OnDemandThroughput(maxWriteRequestUnits: 1)
        let fixture = try await ItemFixture(input)
        try await fixture.put(key("p", 0) + [("data", text(300 << 10))])
        let refusal = await refused { () throws(ServiceError) in try await fixture.put(key("p", 0)) }
        #expect(refusal?.code == "ThrottlingException")
        #expect(refusal?.message == Self.maximumSentence)
        let detail = refusal?.detail as? ThrottlingException
        #expect(detail?.throttlingReasons?.map(\.reason) == ["TableWriteMaxOnDemandThroughputExceeded"])
        for _ in 0..<10 { try await fixture.scan() }
    }

    @Test func `a table on demand has no limit`() async throws {
        let fixture = try await ItemFixture()
        for index in 0..<400 { try await fixture.put(key("p", index)) }
    }

    @Test func `a table that is made again has its burst again`() async throws {
        let fixture = try await ItemFixture(Self.provisioned())
        try await self.exhaustWrites(fixture)
        #expect(await refused { () throws(ServiceError) in try await fixture.put(key("p", 0)) } != nil)
        try await fixture.tables.delete(ItemFixture.table)
        try await fixture.tables.create(Self.provisioned())
        try await fixture.put(key("p", 0))
    }

    @Test func `nothing is refused by a service that does not enforce throughput`() async throws {
        let tables = TableFixture(isThrottling: false)
        try await tables.create(Self.provisioned())
        for index in 0..<400 { try await tables.put("items", key("p", index)) }
    }
}
