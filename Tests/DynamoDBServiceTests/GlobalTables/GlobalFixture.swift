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

/// A service whose tables have replicas, and the requests that tests make of them in several regions.
///
/// Replication goes on by itself only where a test asks for it.
struct GlobalFixture {
    /// Remembers what was measured.
    final class Measurements: TelemetryPort {
        private let names = Mutex<[String]>([])

        func record(_ datum: MetricDatum, account: AccountID, region: Region, time: Timestamp) {
            let dimensions = datum.dimensions.map(\.value).joined(separator: ",")
            self.names.withLock { $0.append("\(datum.name) \(region) \(dimensions)") }
        }

        var all: [String] { self.names.withLock { $0 } }
    }

    static let east = "us-east-1"
    static let west = "us-west-2"
    static let north = "eu-north-1"
    static let table = "orders"

    let store: MemoryStore
    let clock: ManualClock
    let measurements = Measurements()
    private(set) var service: DynamoDBService
    let isAutomatic: Bool
    let transitionMilliseconds: Int64

    init(isAutomatic: Bool = false, transitionMilliseconds: Int64 = 0) {
        self.clock = ManualClock(Timestamp(millisecondsSinceEpoch: 1_795_496_430_123))
        self.store = MemoryStore(clock: self.clock)
        self.isAutomatic = isAutomatic
        self.transitionMilliseconds = transitionMilliseconds
        self.service = Self.service(
            self.store, self.clock, self.measurements, isAutomatic, transitionMilliseconds)
    }

    private static func service(
        _ store: MemoryStore, _ clock: ManualClock, _ measurements: Measurements, _ isAutomatic: Bool,
        _ transitionMilliseconds: Int64
    ) -> DynamoDBService {
        DynamoDBService(
            store: store, clock: clock, random: SeededRandomSource(seed: 7), telemetry: measurements,
            transitionMilliseconds: transitionMilliseconds, replicatesByItself: isAutomatic)
    }

    /// The next start of the server, on what the last one left in the store.
    mutating func restart() async {
        await self.service.jobs.stop()
        self.service = Self.service(
            self.store, self.clock, self.measurements, self.isAutomatic, self.transitionMilliseconds)
        await self.service.resume()
    }

    func context(_ region: String) -> RequestContext {
        TableFixture.context(region: region)
    }

    // Tables

    @discardableResult
    func create(
        _ region: String = Self.east, _ change: (inout CreateTableInput) -> Void = { _ in }
    ) async throws(ServiceError) -> TableDescription? {
        let input = tableInput(Self.table, change: change)
        return try await self.service.createTable(input, self.context(region)).tableDescription
    }

    /// A table with a global index by `a`.
    func createIndexed(_ region: String = Self.east) async throws(ServiceError) {
        let input = tableInput(Self.table, defined("pk", "a"), [hash("pk")]) {
            $0.globalSecondaryIndexes = [globalIndex("byA", [hash("a")])]
        }
        _ = try await self.service.createTable(input, self.context(region))
    }

    func update(
        _ region: String = Self.east, _ change: (inout UpdateTableInput) -> Void
    ) async throws(ServiceError) -> TableDescription? {
        var input = UpdateTableInput(tableName: Self.table)
        change(&input)
        return try await self.service.updateTable(input, self.context(region)).tableDescription
    }

    /// Adds a replica and brings it to life.
    func add(_ region: String, from source: String = Self.east) async throws(ServiceError) {
        _ = try await self.update(source) { $0.replicaUpdates = [creating(region)] }
        try await self.settle()
    }

    /// What an update is refused with: its code and its sentence.
    func refusal(_ region: String = Self.east, _ change: (inout UpdateTableInput) -> Void) async -> String? {
        do throws(ServiceError) {
            _ = try await self.update(region, change)
            return nil
        } catch {
            return "\(error.code): \(error.message)"
        }
    }

    func describe(_ region: String = Self.east) async throws -> TableDescription {
        let input = DescribeTableInput(tableName: Self.table)
        return try #require(try await self.service.describeTable(input, self.context(region)).table)
    }

    func delete(_ region: String) async throws(ServiceError) -> TableDescription? {
        try await self.service.deleteTable(DeleteTableInput(tableName: Self.table), self.context(region))
            .tableDescription
    }

    // Replication

    /// Replicates everything there is, and ends what was begun.
    func settle() async throws(ServiceError) {
        if self.isAutomatic {
            await self.service.jobs.whenIdle()
            return
        }
        var isBusy = true
        while isBusy {
            isBusy = false
            for link in try await self.service.replicationLinks() {
                while try await self.service.replicationStep(link, limit: 100) { isBusy = true }
            }
        }
        await self.service.jobs.whenIdle()
    }

    // Items

    func put(
        _ region: String, _ key: String, _ entries: [(String, AttributeValue)] = []
    ) async throws(ServiceError) {
        let input = PutItemInput(tableName: Self.table, item: item([("pk", .s(key))] + entries))
        _ = try await self.service.putItem(input, self.context(region))
    }

    func remove(_ region: String, _ key: String) async throws(ServiceError) {
        let input = DeleteItemInput(tableName: Self.table, key: item([("pk", .s(key))]))
        _ = try await self.service.deleteItem(input, self.context(region))
    }

    func get(_ region: String, _ key: String) async throws(ServiceError) -> [String: AttributeValue]? {
        let input = GetItemInput(tableName: Self.table, key: item([("pk", .s(key))]))
        return try await self.service.getItem(input, self.context(region)).item.map(shown)
    }

    /// Everything in a table, or in one of its indexes, by partition key.
    func contents(
        _ region: String, index: String? = nil
    ) async throws(ServiceError) -> [String: [String: AttributeValue]] {
        let input = ScanInput(tableName: Self.table, indexName: index)
        let items = try await self.service.scan(input, self.context(region)).items ?? []
        var contents: [String: [String: AttributeValue]] = [:]
        for found in items.map(shown) {
            guard case .s(let key)? = found["pk"] else { continue }
            contents[key] = found
        }
        return contents
    }
}

func creating(
    _ region: String, _ change: (inout CreateReplicationGroupMemberAction) -> Void = { _ in }
) -> ReplicationGroupUpdate {
    var action = CreateReplicationGroupMemberAction(regionName: region)
    change(&action)
    return ReplicationGroupUpdate(create: action)
}

func changing(
    _ region: String, _ change: (inout UpdateReplicationGroupMemberAction) -> Void = { _ in }
) -> ReplicationGroupUpdate {
    var action = UpdateReplicationGroupMemberAction(regionName: region)
    change(&action)
    return ReplicationGroupUpdate(update: action)
}

func deleting(_ region: String) -> ReplicationGroupUpdate {
    ReplicationGroupUpdate(delete: DeleteReplicationGroupMemberAction(regionName: region))
}
