import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import KeyValueConformance
import Primitives
import ServiceKit
import ServiceModel
import Synchronization
import Testing

/// Clients that make, change, back up, restore, export and delete the same few tables, through crashes; and the check
/// that nothing is stuck or left behind.
final class ControlRun: Sendable {
    private static let names = ["alpha", "bravo", "delta"]
    private static let clientCount = 4

    private let simulation: Simulation
    private let transitionMilliseconds: Int64
    private let objects = MemoryObjects()
    private let backupARNs = Mutex<[String]>([])
    private let doneCount = Atomic(0)

    init(_ simulation: Simulation) {
        self.simulation = simulation
        self.transitionMilliseconds = simulation.below(2) == 0 ? 0 : 20
    }

    private var note: String { "seed \(self.simulation.seed)" }

    private func start() -> SimulatedProcess {
        self.simulation.start(transitionMilliseconds: self.transitionMilliseconds, objects: self.objects)
    }

    /// One process, with many clients; it ends in the middle of something unless it may end by itself.
    func work(endsByItself: Bool) async {
        let process = self.start()
        await process.service.resume()
        if !endsByItself { process.store.end(afterCalls: 100 + self.simulation.below(1500)) }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.clientCount {
                var generator = self.simulation.generator()
                group.addTask {
                    for number in 0..<40 {
                        guard await self.ask(process, number, &generator) else { return }
                    }
                }
            }
        }
        // Jobs wait for the ends of states, and nobody else moves the clock now.
        self.simulation.clock.advance(milliseconds: 1000)
        if endsByItself { await process.service.jobs.whenIdle() }
        await process.kill()
    }

    /// - Returns: false once the process has ended.
    private func ask(_ process: SimulatedProcess, _ number: Int, _ generator: inout SeededGenerator) async -> Bool {
        self.simulation.clock.advance(milliseconds: Int64.random(in: 0..<40, using: &generator))
        let name = Self.names.randomElement(using: &generator) ?? ""
        do throws(ServiceError) {
            switch Int.random(in: 0..<16, using: &generator) {
            case 0, 1: try await self.create(process, name, &generator)
            case 2:
                _ = try await process.service.deleteTable(DeleteTableInput(tableName: name), process.context)
            case 3, 4: try await self.updateIndexes(process, name, &generator)
            case 5: try await self.updateStream(process, name, Bool.random(using: &generator))
            case 6: try await self.updateExpiry(process, name, &generator)
            case 7: try await self.updateRecovery(process, name, Bool.random(using: &generator))
            case 8: try await self.backUp(process, name)
            case 9: try await self.deleteBackup(process, &generator)
            case 10: try await self.restore(process, to: name, &generator)
            case 11: try await self.export(process, name)
            case 12: await process.service.sweepExpiredItems()
            default: try await self.write(process, name, &generator)
            }
        } catch {
            if error.status < 500 { return true }
            if !process.store.hasEnded { Issue.record("\(self.note): \(error)") }
            return false
        }
        self.doneCount.add(1, ordering: .relaxed)
        return true
    }

    private func create(
        _ process: SimulatedProcess, _ name: String, _ generator: inout SeededGenerator
    ) async throws(ServiceError) {
        var input = Bool.random(using: &generator) ? ItemFixture.indexed : ItemFixture.plain
        input.tableName = name
        if Bool.random(using: &generator) {
            input.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .newImage)
        }
        _ = try await process.service.createTable(input, process.context)
    }

    private func updateIndexes(
        _ process: SimulatedProcess, _ name: String, _ generator: inout SeededGenerator
    ) async throws(ServiceError) {
        let index = ["one", "two", "whole"].randomElement(using: &generator) ?? ""
        let isDeletion = Bool.random(using: &generator)
        let input = UpdateTableInput(
            attributeDefinitions: isDeletion ? nil : ItemFixture.indexed.attributeDefinitions, tableName: name,
            globalSecondaryIndexUpdates: [isDeletion ? deletion(index) : creation(index, [hash("gp")])])
        _ = try await process.service.updateTable(input, process.context)
    }

    private func updateStream(
        _ process: SimulatedProcess, _ name: String, _ isEnabled: Bool
    ) async throws(ServiceError) {
        let input = UpdateTableInput(
            tableName: name,
            streamSpecification: StreamSpecification(
                streamEnabled: isEnabled, streamViewType: isEnabled ? .newAndOldImages : nil))
        _ = try await process.service.updateTable(input, process.context)
    }

    private func updateExpiry(
        _ process: SimulatedProcess, _ name: String, _ generator: inout SeededGenerator
    ) async throws(ServiceError) {
        let specification = TimeToLiveSpecification(
            enabled: Bool.random(using: &generator), attributeName: "end")
        _ = try await process.service.updateTimeToLive(
            UpdateTimeToLiveInput(tableName: name, timeToLiveSpecification: specification), process.context)
    }

    private func updateRecovery(
        _ process: SimulatedProcess, _ name: String, _ isEnabled: Bool
    ) async throws(ServiceError) {
        let input = UpdateContinuousBackupsInput(
            tableName: name,
            pointInTimeRecoverySpecification: PointInTimeRecoverySpecification(pointInTimeRecoveryEnabled: isEnabled))
        _ = try await process.service.updateContinuousBackups(input, process.context)
    }

    private func backUp(_ process: SimulatedProcess, _ name: String) async throws(ServiceError) {
        let answer = try await process.service.createBackup(
            CreateBackupInput(tableName: name, backupName: "backup"), process.context)
        if let arn = answer.backupDetails?.backupARN { self.backupARNs.withLock { $0.append(arn) } }
    }

    private func deleteBackup(
        _ process: SimulatedProcess, _ generator: inout SeededGenerator
    ) async throws(ServiceError) {
        guard let arn = self.backupARNs.withLock({ $0.randomElement(using: &generator) }) else { return }
        _ = try await process.service.deleteBackup(DeleteBackupInput(backupARN: arn), process.context)
    }

    private func restore(
        _ process: SimulatedProcess, to name: String, _ generator: inout SeededGenerator
    ) async throws(ServiceError) {
        if Bool.random(using: &generator), let arn = self.backupARNs.withLock({ $0.randomElement(using: &generator) }) {
            _ = try await process.service.restoreTableFromBackup(
                RestoreTableFromBackupInput(targetTableName: name, backupARN: arn), process.context)
            return
        }
        var input = RestoreTableToPointInTimeInput(
            sourceTableName: Self.names.randomElement(using: &generator) ?? "", targetTableName: name)
        input.useLatestRestorableTime = true
        _ = try await process.service.restoreTableToPointInTime(input, process.context)
    }

    private func export(_ process: SimulatedProcess, _ name: String) async throws(ServiceError) {
        let arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/\(name)"
        _ = try await process.service.exportTableToPointInTime(
            ExportTableToPointInTimeInput(tableARN: arn, s3Bucket: "bucket"), process.context)
    }

    private func write(
        _ process: SimulatedProcess, _ name: String, _ generator: inout SeededGenerator
    ) async throws(ServiceError) {
        for _ in 0..<5 {
            let now = Int(self.simulation.clock.now().secondsSinceEpoch)
            let entries =
                key("p", Int.random(in: 0..<30, using: &generator)) + [
                    ("gp", .s("g")), ("gs", int(1)), ("end", int(now + Int.random(in: -1..<3, using: &generator))),
                ]
            try await process.put(entries) { $0.tableName = name }
        }
    }

    // Checking

    /// Each table is ACTIVE with all its indexes, each backup AVAILABLE, no work is left; and once all are deleted,
    /// nothing of them is there.
    func verify() async throws {
        #expect(self.doneCount.load(ordering: .relaxed) > 50, "\(self.note): most requests were refused")
        let process = self.start()
        await process.service.resume()
        await process.service.jobs.whenIdle()
        let (service, context) = (process.service, process.context)
        for mark in [2, 6, 8, 20] as [UInt16] {
            let left = try await self.simulation.contents(KeyRange(prefix: KeySpace(table: 0, index: mark).prefix))
            #expect(left.isEmpty, "\(self.note): \(left.count) marks \(mark)")
        }
        for name in try await service.listTables(ListTablesInput(), context).tableNames ?? [] {
            let table = try await service.describeTable(DescribeTableInput(tableName: name), context).table
            #expect(table?.tableStatus == .active, "\(self.note): table \(name)")
            let states = (table?.globalSecondaryIndexes ?? []).map(\.indexStatus)
            #expect(states.allSatisfy { $0 == .active }, "\(self.note): table \(name), indexes \(states)")
            let input = DeleteTableInput(tableName: name)
            let refusal = await refused { () throws(ServiceError) in try await service.deleteTable(input, context) }
            #expect(refusal == nil, "\(self.note): table \(name): \(String(describing: refusal))")
        }
        await service.jobs.whenIdle()
        for backup in try await service.listBackups(ListBackupsInput(backupType: .all), context).backupSummaries ?? [] {
            #expect(backup.backupStatus == .available, "\(self.note): \(backup)")
            guard backup.backupType == .user else { continue }
            let input = DeleteBackupInput(backupARN: backup.backupARN ?? "")
            let refusal = await refused { () throws(ServiceError) in try await service.deleteBackup(input, context) }
            #expect(refusal == nil, "\(self.note): \(String(describing: refusal))")
        }
        // System backups end by themselves.
        self.simulation.clock.advance(milliseconds: 35 * 86_400_000)
        await service.removeExpiredBackups()
        await service.jobs.whenIdle()
        let names = try await service.listTables(ListTablesInput(), context).tableNames
        #expect(names == [], "\(self.note)")
        let left = try await self.simulation.contents(KeyRange(start: KeySpace(table: 1).prefix, end: nil))
        #expect(left.isEmpty, "\(self.note): \(Set(left.map { Array($0.key.prefix(10)) }))")
        await process.kill()
    }
}
