import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import ServiceKit
import ServiceModel
import Testing

/// A table, and the UpdateTable requests that tests make of it.
struct UpdateFixture {
    let tables: TableFixture

    init(_ input: CreateTableInput = tableInput(), store: MemoryStore = MemoryStore()) async throws(ServiceError) {
        self.tables = TableFixture(store: store)
        try await self.tables.create(input)
    }

    /// A provisioned table with 10 units of each kind.
    static let provisioned = tableInput {
        $0.billingMode = .provisioned
        $0.provisionedThroughput = units(10, 10)
    }

    /// The same with a global index `one` by `a`, of 5 units of each kind.
    static let indexed = tableInput("table", defined("pk", "a"), [hash("pk")]) {
        $0.billingMode = .provisioned
        $0.provisionedThroughput = units(10, 10)
        $0.globalSecondaryIndexes = [globalIndex("one", [hash("a")], throughput: units(5, 5))]
    }

    @discardableResult
    func update(_ change: (inout UpdateTableInput) -> Void) async throws(ServiceError) -> TableDescription {
        var input = UpdateTableInput(tableName: "table")
        change(&input)
        guard let table = try await self.tables.service.updateTable(input, self.tables.context).tableDescription else {
            throw ServiceError(code: "NoDescription", message: "the answer has no description")
        }
        return table
    }

    func described() async throws -> TableDescription {
        try #require(try await self.tables.describe("table"))
    }

    /// What an update is refused with: its code and its sentence.
    func refusal(_ change: (inout UpdateTableInput) -> Void) async -> String? {
        do throws(ServiceError) {
            try await self.update(change)
            return nil
        } catch {
            return "\(error.code): \(error.message)"
        }
    }

    /// Waits until indexes are whole or gone.
    func settle() async {
        await self.tables.service.jobs.whenIdle()
    }

    /// Ends the jobs of this service, as a stop would: what is begun afterwards waits for the next start.
    func stopJobs() async {
        await self.tables.service.jobs.stop()
    }
}

func units(_ read: Int, _ write: Int) -> ProvisionedThroughput {
    ProvisionedThroughput(readCapacityUnits: read, writeCapacityUnits: write)
}

/// The creation of a global index with everything in it.
func creation(
    _ name: String, _ schema: [KeySchemaElement] = [hash("a")],
    _ change: (inout CreateGlobalSecondaryIndexAction) -> Void = { _ in }
) -> GlobalSecondaryIndexUpdate {
    var action = CreateGlobalSecondaryIndexAction(
        indexName: name, keySchema: schema, projection: DynamoDBModel.Projection(projectionType: .all))
    change(&action)
    return GlobalSecondaryIndexUpdate(create: action)
}

func deletion(_ name: String) -> GlobalSecondaryIndexUpdate {
    GlobalSecondaryIndexUpdate(delete: DeleteGlobalSecondaryIndexAction(indexName: name))
}

func change(
    _ name: String, _ change: (inout UpdateGlobalSecondaryIndexAction) -> Void
) -> GlobalSecondaryIndexUpdate {
    var action = UpdateGlobalSecondaryIndexAction(indexName: name)
    change(&action)
    return GlobalSecondaryIndexUpdate(update: action)
}
