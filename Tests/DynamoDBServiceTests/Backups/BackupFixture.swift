import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Telemetry
import Testing

/// A service whose store has the clock of the test, with the table `items`, and what tests of backups ask of it.
struct BackupFixture {
    private struct NoTelemetry: TelemetryPort {
        func record(_ datum: MetricDatum, account: AccountID, region: Region, time: Timestamp) {}
    }

    static let table = ItemFixture.table

    let clock: ManualClock
    let store: MemoryStore
    let service: DynamoDBService
    let objects = MemoryObjects()
    let context: RequestContext

    init(
        _ input: CreateTableInput = ItemFixture.plain, context: RequestContext = TableFixture.context()
    ) async throws(ServiceError) {
        self.clock = ManualClock(Timestamp(millisecondsSinceEpoch: 1_795_496_430_123))
        self.store = MemoryStore(clock: self.clock)
        self.service = DynamoDBService(
            store: self.store, clock: self.clock, random: SeededRandomSource(seed: 7), telemetry: NoTelemetry(),
            objects: self.objects)
        self.context = context
        _ = try await self.service.createTable(input, context)
    }

    func put(
        _ entries: [(String, AttributeValue)], table: String = Self.table
    ) async throws(ServiceError) {
        _ = try await self.service.putItem(PutItemInput(tableName: table, item: item(entries)), self.context)
    }

    func delete(_ entries: [(String, AttributeValue)]) async throws(ServiceError) {
        _ = try await self.service.deleteItem(
            DeleteItemInput(tableName: Self.table, key: item(entries)), self.context)
    }

    /// The items of a table or index, in the order of keys.
    func items(
        _ table: String = Self.table, index: String? = nil
    ) async throws(ServiceError) -> [[String: AttributeValue]] {
        var all: [[String: AttributeValue]] = []
        var start: AttributeMap?
        repeat {
            let page = try await self.service.scan(
                ScanInput(tableName: table, indexName: index, exclusiveStartKey: start), self.context)
            all += (page.items ?? []).map(shown)
            start = page.lastEvaluatedKey
        } while start != nil
        return all
    }

    /// Makes a backup and waits until it is AVAILABLE.
    func backup(_ name: String = "backup") async throws(ServiceError) -> BackupDetails? {
        let answer = try await self.service.createBackup(
            CreateBackupInput(tableName: Self.table, backupName: name), self.context)
        await self.service.jobs.whenIdle()
        return answer.backupDetails
    }

    func describe(_ arn: String) async throws(ServiceError) -> BackupDescription? {
        try await self.service.describeBackup(DescribeBackupInput(backupARN: arn), self.context).backupDescription
    }

    /// Restores a backup and waits until the table is ACTIVE; gives the answer.
    @discardableResult
    func restore(
        _ arn: String, _ target: String = "restored",
        _ change: (inout RestoreTableFromBackupInput) -> Void = { _ in }
    ) async throws(ServiceError) -> TableDescription? {
        var input = RestoreTableFromBackupInput(targetTableName: target, backupARN: arn)
        change(&input)
        let answer = try await self.service.restoreTableFromBackup(input, self.context)
        await self.service.jobs.whenIdle()
        return answer.tableDescription
    }

    func table(_ name: String) async throws(ServiceError) -> TableDescription? {
        try await self.service.describeTable(DescribeTableInput(tableName: name), self.context).table
    }

    @discardableResult
    func recovery(
        _ isEnabled: Bool, days: Int? = nil, _ table: String = Self.table
    ) async throws(ServiceError) -> ContinuousBackupsDescription? {
        let specification = PointInTimeRecoverySpecification(
            pointInTimeRecoveryEnabled: isEnabled, recoveryPeriodInDays: days)
        return try await self.service.updateContinuousBackups(
            UpdateContinuousBackupsInput(tableName: table, pointInTimeRecoverySpecification: specification),
            self.context
        ).continuousBackupsDescription
    }

    /// Restores the table to a moment, nil for the latest, and waits until the new one is ACTIVE.
    @discardableResult
    func restore(
        to moment: Timestamp?, _ target: String = "restored",
        _ change: (inout RestoreTableToPointInTimeInput) -> Void = { _ in }
    ) async throws(ServiceError) -> TableDescription? {
        var input = RestoreTableToPointInTimeInput(sourceTableName: Self.table, targetTableName: target)
        if let moment { input.restoreDateTime = moment } else { input.useLatestRestorableTime = true }
        change(&input)
        let answer = try await self.service.restoreTableToPointInTime(input, self.context)
        await self.service.jobs.whenIdle()
        return answer.tableDescription
    }

    /// Keys that the store holds under a table number.
    func keyCount(_ number: UInt64) async throws -> Int {
        try await self.store.scan(
            KeyRange(prefix: KeySpace(table: number).prefix), limit: 1000, byteLimit: 1 << 24, reverse: false
        ).entries.count
    }
}

/// The ARN that an answer must have.
func given(_ text: String?) throws -> String {
    try #require(text)
}
