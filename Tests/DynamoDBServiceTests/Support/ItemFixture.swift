import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import ServiceKit
import ServiceModel
import Testing

/// A service with the table `items`.
struct ItemFixture: ItemCalls {
    static let table = "items"

    /// Keys `pk`, a string, and `sk`, a number.
    static let plain = tableInput(Self.table, [defined("pk")[0], Self.sort("sk")], [hash("pk"), range("sk")])

    /// The same with indexes that hold `x` beside their keys: `local` by `ls`, `global` by `gp` and the number `gs`;
    /// and with `whole` by `gp`, which holds everything.
    static let indexed = tableInput(
        Self.table,
        defined("pk", "gp", "ls") + [Self.sort("sk"), Self.sort("gs")],
        [hash("pk"), range("sk")]
    ) {
        let x = Projection(projectionType: .include, nonKeyAttributes: ["x"])
        $0.localSecondaryIndexes = [localIndex("local", [hash("pk"), range("ls")], x)]
        $0.globalSecondaryIndexes = [
            globalIndex("global", [hash("gp"), range("gs")], x), globalIndex("whole", [hash("gp")]),
        ]
    }

    let tables: TableFixture

    init(_ input: CreateTableInput = Self.plain, store: MemoryStore = MemoryStore()) async throws(ServiceError) {
        self.tables = TableFixture(store: store)
        try await self.tables.create(input)
    }

    private static func sort(_ name: String) -> AttributeDefinition {
        AttributeDefinition(attributeName: name, attributeType: .n)
    }

    var service: DynamoDBService { self.tables.service }
    var context: RequestContext { self.tables.context }
}

/// The requests that tests of items make of a service with the table `items`.
protocol ItemCalls: Sendable {
    var service: DynamoDBService { get }
    var context: RequestContext { get }
}

extension ItemCalls {
    @discardableResult
    func put(
        _ entries: [(String, AttributeValue)], _ change: (inout PutItemInput) -> Void = { _ in }
    ) async throws(ServiceError) -> PutItemOutput {
        var input = PutItemInput(tableName: ItemFixture.table, item: item(entries))
        change(&input)
        return try await self.service.putItem(input, self.context)
    }

    @discardableResult
    func get(
        _ entries: [(String, AttributeValue)], _ change: (inout GetItemInput) -> Void = { _ in }
    ) async throws(ServiceError) -> GetItemOutput {
        var input = GetItemInput(tableName: ItemFixture.table, key: item(entries))
        change(&input)
        return try await self.service.getItem(input, self.context)
    }

    @discardableResult
    func delete(
        _ entries: [(String, AttributeValue)], _ change: (inout DeleteItemInput) -> Void = { _ in }
    ) async throws(ServiceError) -> DeleteItemOutput {
        var input = DeleteItemInput(tableName: ItemFixture.table, key: item(entries))
        change(&input)
        return try await self.service.deleteItem(input, self.context)
    }

    /// `values` are those of the expression.
    @discardableResult
    func update(
        _ entries: [(String, AttributeValue)], _ expression: String?, _ values: [(String, AttributeValue)] = [],
        _ change: (inout UpdateItemInput) -> Void = { _ in }
    ) async throws(ServiceError) -> UpdateItemOutput {
        var input = UpdateItemInput(
            tableName: ItemFixture.table,
            key: item(entries),
            updateExpression: expression,
            expressionAttributeValues: values.isEmpty ? nil : item(values)
        )
        change(&input)
        return try await self.service.updateItem(input, self.context)
    }

    @discardableResult
    func query(
        _ condition: String?, _ values: [(String, AttributeValue)], index: String? = nil,
        _ change: (inout QueryInput) -> Void = { _ in }
    ) async throws(ServiceError) -> QueryOutput {
        var input = QueryInput(
            tableName: ItemFixture.table,
            indexName: index,
            keyConditionExpression: condition,
            expressionAttributeValues: values.isEmpty ? nil : item(values)
        )
        change(&input)
        return try await self.service.query(input, self.context)
    }

    @discardableResult
    func scan(
        index: String? = nil, _ change: (inout ScanInput) -> Void = { _ in }
    ) async throws(ServiceError) -> ScanOutput {
        var input = ScanInput(tableName: ItemFixture.table, indexName: index)
        change(&input)
        return try await self.service.scan(input, self.context)
    }

    /// The item of a key, if there is one.
    func stored(_ entries: [(String, AttributeValue)]) async throws(ServiceError) -> [String: AttributeValue]? {
        try await self.get(entries).item.map(shown)
    }
}

/// A key of the fixture's table.
func key(_ partition: String, _ sort: Int) -> [(String, AttributeValue)] {
    [("pk", .s(partition)), ("sk", int(sort))]
}

func int(_ value: Int) -> AttributeValue {
    .n(DynamoDBNumber(value))
}

func text(_ utf8Count: Int) -> AttributeValue {
    .s(String(repeating: "x", count: utf8Count))
}

/// The attributes of an item without their order.
func shown(_ map: AttributeMap) -> [String: AttributeValue] {
    Dictionary(map.tree.entries.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
}

/// What a request is refused with; nil when it is answered.
func refused<Answer: Sendable>(_ request: () async throws(ServiceError) -> Answer) async -> ServiceError? {
    do throws(ServiceError) {
        _ = try await request()
        return nil
    } catch {
        return error
    }
}

/// The sentence of the ValidationException that a request is refused with.
func wording<Answer: Sendable>(_ request: () async throws(ServiceError) -> Answer) async -> String? {
    guard let error = await refused(request) else { return nil }
    #expect(error.code == "ValidationException")
    #expect(error.status == 400)
    return error.message
}

/// Capacity as `INDEXES` reports it, in one line.
func shown(_ capacity: ConsumedCapacity?) -> String? {
    guard let capacity else { return nil }
    func units(_ capacity: Capacity) -> String { capacity.capacityUnits.map { "\($0)" } ?? "nil" }
    func indexes(_ name: String, _ all: [String: Capacity]?) -> String {
        guard let all else { return "" }
        return all.sorted { $0.key < $1.key }.map { ", \(name) \($0.key) \(units($0.value))" }.joined()
    }
    let total = capacity.capacityUnits.map { "\($0)" } ?? "nil"
    return "\(capacity.tableName ?? "nil") \(total)" + (capacity.table.map { ", table \(units($0))" } ?? "")
        + indexes("local", capacity.localSecondaryIndexes) + indexes("global", capacity.globalSecondaryIndexes)
}

let tableMissing = ServiceError(code: "ResourceNotFoundException", message: "Requested resource not found")
