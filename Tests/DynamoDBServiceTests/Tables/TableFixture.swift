import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Telemetry
import Testing

/// A service on a store in memory, and the requests that tests of tables make of it.
struct TableFixture {
    /// Metrics that nobody looks at.
    private struct NoTelemetry: TelemetryPort {
        func record(_ datum: MetricDatum, account: AccountID, region: Region, time: Timestamp) {}
    }

    let store: MemoryStore
    let clock: ManualClock
    let service: DynamoDBService
    let context: RequestContext

    init(
        store: MemoryStore = MemoryStore(), context: RequestContext = Self.context(), isThrottling: Bool = true,
        transitionMilliseconds: Int64 = 0
    ) {
        self.store = store
        // 2026-11-24T05:00:30.123
        self.clock = ManualClock(Timestamp(millisecondsSinceEpoch: 1_795_496_430_123))
        self.service = DynamoDBService(
            store: store,
            clock: self.clock,
            random: SeededRandomSource(seed: 7),
            telemetry: NoTelemetry(),
            transitionMilliseconds: transitionMilliseconds,
            isThrottling: isThrottling
        )
        self.context = context
    }

    static func context(account: String = "123456789012", region: String = "eu-central-1") -> RequestContext {
        guard let account = AccountID(account), let region = Region(region) else {
            preconditionFailure("a test's account and region are lawful")
        }
        return RequestContext(
            requestID: RequestID("request"),
            principal: Principal(
                kind: .root,
                account: account,
                arn: "arn:aws:iam::\(account):root",
                userID: account.description,
                accessKeyID: "AKIATEST"
            ),
            region: region,
            time: Timestamp(secondsSinceEpoch: 0),
            sourceAddress: "127.0.0.1",
            isTLS: false,
            userAgent: "test"
        )
    }

    @discardableResult
    func create(_ input: CreateTableInput) async throws(ServiceError) -> TableDescription? {
        try await self.service.createTable(input, self.context).tableDescription
    }

    func describe(_ name: String) async throws(ServiceError) -> TableDescription? {
        try await self.service.describeTable(DescribeTableInput(tableName: name), self.context).table
    }

    @discardableResult
    func delete(_ name: String) async throws(ServiceError) -> TableDescription? {
        try await self.service.deleteTable(DeleteTableInput(tableName: name), self.context).tableDescription
    }

    func put(_ table: String, _ entries: [(String, AttributeValue)]) async throws(ServiceError) {
        let input = PutItemInput(
            tableName: table,
            item: AttributeMap(AttributeTree(entries.map { .init($0.0, $0.1) }))
        )
        _ = try await self.service.putItem(input, self.context)
    }

    /// The sentence of the ValidationException that a request is refused with.
    func refusal(_ input: CreateTableInput) async -> String? {
        do throws(ServiceError) {
            try await self.create(input)
            return nil
        } catch {
            #expect(error.code == "ValidationException")
            #expect(error.status == 400)
            return error.message
        }
    }
}

func defined(_ names: String...) -> [AttributeDefinition] {
    names.map { AttributeDefinition(attributeName: $0, attributeType: .s) }
}

func hash(_ name: String) -> KeySchemaElement {
    KeySchemaElement(attributeName: name, keyType: .hash)
}

func range(_ name: String) -> KeySchemaElement {
    KeySchemaElement(attributeName: name, keyType: .range)
}

/// A table for on-demand payment with the partition key `pk`, unless changed.
func tableInput(
    _ name: String = "table",
    _ definitions: [AttributeDefinition]? = defined("pk"),
    _ schema: [KeySchemaElement]? = [hash("pk")],
    change: (inout CreateTableInput) -> Void = { _ in }
) -> CreateTableInput {
    var input = CreateTableInput(
        attributeDefinitions: definitions,
        tableName: name,
        keySchema: schema,
        billingMode: .payPerRequest
    )
    change(&input)
    return input
}

func globalIndex(
    _ name: String,
    _ schema: [KeySchemaElement],
    _ projection: DynamoDBModel.Projection = DynamoDBModel.Projection(projectionType: .all),
    throughput: ProvisionedThroughput? = nil
) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex(
        indexName: name,
        keySchema: schema,
        projection: projection,
        provisionedThroughput: throughput
    )
}

func localIndex(
    _ name: String,
    _ schema: [KeySchemaElement],
    _ projection: DynamoDBModel.Projection = DynamoDBModel.Projection(projectionType: .all)
) -> LocalSecondaryIndex {
    LocalSecondaryIndex(indexName: name, keySchema: schema, projection: projection)
}
