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

/// The life of one table under writers, changes of its indexes, backups and crashes, and the checks of what is left.
final class AgreementRun: Sendable {
    typealias Item = [String: AttributeValue]

    private struct State {
        /// Quiet moments, with what the table held.
        var moments: [(time: Timestamp, items: Set<Item>)] = []
        var backupARNs: [String] = []
    }

    static let table = ItemFixture.table
    private static let indexNames = ["one", "two", "three"]
    /// Items that nobody changes, which each answer of an index must have.
    private static let fixedCount = 12

    private let simulation: Simulation
    private let state = Mutex(State())

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    private var note: Comment { "seed \(self.simulation.seed)" }

    func begin() async throws {
        let process = self.simulation.start()
        var input = ItemFixture.indexed
        input.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .newAndOldImages)
        let (service, context) = (process.service, process.context)
        _ = try await service.createTable(input, context)
        _ = try await service.updateTimeToLive(
            UpdateTimeToLiveInput(
                tableName: Self.table,
                timeToLiveSpecification: TimeToLiveSpecification(enabled: true, attributeName: "end")), context)
        _ = try await service.updateContinuousBackups(
            UpdateContinuousBackupsInput(
                tableName: Self.table,
                pointInTimeRecoverySpecification: PointInTimeRecoverySpecification(pointInTimeRecoveryEnabled: true)),
            context)
        for number in 0..<Self.fixedCount {
            try await process.put(
                key("fixed", number) + [("gp", .s("fixed")), ("gs", int(number)), ("x", int(number))])
        }
        await process.kill()
        self.simulation.clock.advance(milliseconds: 2000)
    }

    // Working

    /// One process: it ends in the middle of something unless it may end by itself.
    func work(_ generation: Int, endsByItself: Bool) async throws {
        let process = self.simulation.start()
        await process.service.resume()
        if !endsByItself { process.store.end(afterCalls: 300 + self.simulation.below(2500)) }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<3 {
                let generator = self.simulation.generator()
                group.addTask { await self.write(process, "\(generation)-\(number)", generator) }
            }
            let generators = (0..<3).map { _ in self.simulation.generator() }
            group.addTask { await self.changeIndexes(process, generators[0]) }
            group.addTask { await self.queryFixed(process, generators[1]) }
            group.addTask { await self.sweepAndBackUp(process, generators[2]) }
        }
        if endsByItself { await process.service.jobs.whenIdle() }
        await process.kill()
        try await self.noteMoment()
    }

    /// What the table holds while nobody writes.
    private func noteMoment() async throws {
        let process = self.simulation.start()
        let items = Set(try await Self.all(process))
        self.simulation.clock.advance(milliseconds: 10)
        let time = self.simulation.clock.now()
        self.simulation.clock.advance(milliseconds: 10)
        self.state.withLock { $0.moments.append((time, items)) }
        await process.kill()
    }

    /// Runs requests until the process ends; refusals that a client may meet are no news.
    private func many(
        _ count: Int, mayRefuse: Set<String> = [], _ body: (Int) async throws(ServiceError) -> Void
    ) async {
        for number in 0..<count {
            do throws(ServiceError) {
                try await body(number)
            } catch {
                if mayRefuse.contains(error.code) { continue }
                switch Refusal(error) {
                case .conditionFailed, .conflict: continue
                case .unanswered: return
                case .other(let error): Issue.record("seed \(self.simulation.seed): \(error)")
                }
            }
        }
    }

    private static func entries(
        _ key: [(String, AttributeValue)], _ text: String, _ generator: inout SeededGenerator, _ now: Timestamp
    ) -> [(String, AttributeValue)] {
        var entries = key + [("x", .s(text))]
        if Bool.random(using: &generator) {
            entries.append(("gp", .s(["a", "b"].randomElement(using: &generator) ?? "")))
        }
        if Bool.random(using: &generator) { entries.append(("gs", int(Int.random(in: 0..<3, using: &generator)))) }
        if Bool.random(using: &generator) { entries.append(("ls", .s(text))) }
        if Bool.random(using: &generator) { entries.append(("y", .s("y\(text)"))) }
        if Int.random(in: 0..<3, using: &generator) == 0 {
            entries.append(("end", int(Int(now.secondsSinceEpoch) + Int.random(in: -2..<30, using: &generator))))
        }
        return entries
    }

    private func write(_ process: SimulatedProcess, _ name: String, _ generator: SeededGenerator) async {
        var generator = generator
        await self.many(50) { (number) async throws(ServiceError) in
            self.simulation.clock.advance(milliseconds: Int64.random(in: 0..<300, using: &generator))
            let key = DynamoDBServiceTests.key(
                ["p", "q"].randomElement(using: &generator) ?? "", Int.random(in: 0..<10, using: &generator))
            let now = self.simulation.clock.now()
            let entries = Self.entries(key, "\(name)-\(number)", &generator, now)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0...2: try await process.put(entries)
            case 3: try await process.delete(key)
            case 4: try await process.update(key, "SET gp = :g, y = :y REMOVE gs", [(":g", .s("b")), (":y", .s(name))])
            case 5: try await process.update(key, "ADD gs :one", [(":one", int(1))])
            case 6:
                let other = DynamoDBServiceTests.key("t", Int.random(in: 0..<4, using: &generator))
                let input = TransactWriteItemsInput(
                    transactItems: [
                        TransactWriteItem(put: Put(item: item(entries), tableName: Self.table)),
                        TransactWriteItem(delete: Delete(key: item(other), tableName: Self.table)),
                    ])
                _ = try await process.service.transactWriteItems(input, process.context)
            default:
                let requests = (0..<4).map {
                    WriteRequest(
                        putRequest: PutRequest(
                            item: item(
                                Self.entries(DynamoDBServiceTests.key("t", $0), "\(name)-\(number)", &generator, now))))
                }
                _ = try await process.service.batchWriteItem(
                    BatchWriteItemInput(requestItems: [Self.table: requests]), process.context)
            }
        }
    }

    /// Makes and deletes global indexes, whatever is under way.
    private func changeIndexes(_ process: SimulatedProcess, _ generator: SeededGenerator) async {
        var generator = generator
        let refusals: Set = [
            "LimitExceededException", "ResourceInUseException", "ResourceNotFoundException", "ValidationException",
        ]
        await self.many(25, mayRefuse: refusals) { (_) async throws(ServiceError) in
            let name = Self.indexNames.randomElement(using: &generator) ?? ""
            let schema =
                [[hash("gp"), range("gs")], [hash("ls")], [hash("pk"), range("gs")]].randomElement(using: &generator)
                ?? []
            let projection = [
                DynamoDBModel.Projection(projectionType: .all), DynamoDBModel.Projection(projectionType: .keysOnly),
                DynamoDBModel.Projection(projectionType: .include, nonKeyAttributes: ["x"]),
            ].randomElement(using: &generator)
            let isDeletion = Bool.random(using: &generator)
            let change =
                isDeletion ? deletion(name) : creation(name, schema) { $0.projection = projection ?? $0.projection }
            let input = UpdateTableInput(
                attributeDefinitions: isDeletion ? nil : ItemFixture.indexed.attributeDefinitions,
                tableName: Self.table,
                globalSecondaryIndexUpdates: [change])
            _ = try await process.service.updateTable(input, process.context)
            for _ in 0..<Int.random(in: 0..<10, using: &generator) { _ = try await process.get(key("p", 0)) }
        }
    }

    /// An index that answers has what was always there, also while it is about to go.
    private func queryFixed(_ process: SimulatedProcess, _ generator: SeededGenerator) async {
        var generator = generator
        await self.many(60, mayRefuse: ["ValidationException"]) { (_) async throws(ServiceError) in
            let name = Self.indexNames.randomElement(using: &generator) ?? ""
            let table = try await process.service.describeTable(
                DescribeTableInput(tableName: Self.table), process.context)
            let index = table.table?.globalSecondaryIndexes?.first { $0.indexName == name }
            guard let first = index?.keySchema?.first?.attributeName, first != "ls" else { return }
            do throws(ServiceError) {
                let found = try await process.query("\(first) = :p", [(":p", .s("fixed"))], index: name).count
                // Another index of that name may have another key by now.
                guard found != Self.fixedCount else { return }
                let again = try await process.service.describeTable(
                    DescribeTableInput(tableName: Self.table), process.context)
                let now = again.table?.globalSecondaryIndexes?.first { $0.indexName == name }
                let isSame = now?.keySchema?.first?.attributeName == first
                #expect(found == Self.fixedCount || (found == 0 && !isSame), self.note)
            } catch {
                guard error.code == "ValidationException" else { throw error }
            }
        }
    }

    private func sweepAndBackUp(_ process: SimulatedProcess, _ generator: SeededGenerator) async {
        var generator = generator
        await self.many(12) { (number) async throws(ServiceError) in
            await process.service.sweepExpiredItems()
            guard Int.random(in: 0..<3, using: &generator) == 0 else { return }
            let answer = try await process.service.createBackup(
                CreateBackupInput(tableName: Self.table, backupName: "backup-\(number)"), process.context)
            if let arn = answer.backupDetails?.backupARN { self.state.withLock { $0.backupARNs.append(arn) } }
        }
    }

    // Checking

    private static func all(
        _ calls: any ItemCalls, index: String? = nil, table: String = AgreementRun.table
    ) async throws(ServiceError) -> [Item] {
        var items: [Item] = []
        var start: AttributeMap?
        repeat {
            let page = try await calls.scan(index: index) {
                $0.tableName = table
                $0.exclusiveStartKey = start
            }
            items += page.items?.map(shown) ?? []
            start = page.lastEvaluatedKey
        } while start != nil
        return items
    }

    func verify() async throws {
        let process = self.simulation.start()
        await process.service.resume()
        await process.service.jobs.whenIdle()
        let items = try await Self.all(process)
        #expect(items.count { $0["gp"] == .s("fixed") } == Self.fixedCount, self.note)
        try await self.verifyIndexes(process, items)
        let records = try await StreamRecord.all(of: Self.table, process)
        let states = try self.states(records)
        #expect(states.last == Set(items), self.note)
        try await self.verifyCopies(process, states)
        try await self.verifyNothingIsLeft(process)
        await process.kill()
    }

    private func verifyIndexes(_ process: SimulatedProcess, _ items: [Item]) async throws {
        let table = try await process.service.describeTable(DescribeTableInput(tableName: Self.table), process.context)
        let description = try #require(table.table)
        #expect(description.tableStatus == .active, self.note)
        for index in description.globalSecondaryIndexes ?? [] {
            #expect(index.indexStatus == .active, self.note)
            try await self.verify(process, items, index.indexName ?? "", index.keySchema, index.projection)
        }
        for index in description.localSecondaryIndexes ?? [] {
            try await self.verify(process, items, index.indexName ?? "", index.keySchema, index.projection)
        }
    }

    private func verify(
        _ process: SimulatedProcess, _ items: [Item], _ name: String, _ schema: [KeySchemaElement]?,
        _ projection: DynamoDBModel.Projection?
    ) async throws {
        let keys = schema?.map(\.attributeName) ?? []
        let kept: Set<String>? =
            projection?.projectionType == .all
            ? nil : Set(["pk", "sk"] + keys + (projection?.nonKeyAttributes ?? []))
        let expected = items.filter { item in keys.allSatisfy { item[$0] != nil } }
            .map { item in kept.map { kept in item.filter { kept.contains($0.key) } } ?? item }
        let found = try await Self.all(process, index: name)
        #expect(Set(found) == Set(expected) && found.count == expected.count, "\(self.note), index \(name)")
    }

    /// What the table held after each record; each record's old image is what the one before it left.
    private func states(_ records: [StreamRecord]) throws -> [Set<Item>] {
        var present: [Item: Item] = [:]
        var states: [Set<Item>] = [[]]
        var last = ""
        for record in records {
            #expect(last.count < record.number.count || last < record.number, self.note)
            last = record.number
            #expect(present[record.key] == record.old, "\(self.note): \(record)")
            #expect(record.old != record.new, self.note)
            present[record.key] = record.new
            states.append(Set(present.values))
        }
        return states
    }

    /// Each backup is what the table held at one moment, and so is each moment that can be restored to.
    private func verifyCopies(_ process: SimulatedProcess, _ states: [Set<Item>]) async throws {
        let known = Set(states)
        let (arns, moments) = self.state.withLock { ($0.backupARNs, $0.moments) }
        for (number, arn) in arns.suffix(3).enumerated() {
            let target = "backup-\(number)"
            _ = try await process.service.restoreTableFromBackup(
                RestoreTableFromBackupInput(targetTableName: target, backupARN: arn), process.context)
            await process.service.jobs.whenIdle()
            let items = Set(try await Self.all(process, table: target))
            #expect(known.contains(items), "\(self.note): \(arn)")
        }
        for (number, moment) in moments.enumerated() {
            var input = RestoreTableToPointInTimeInput(sourceTableName: Self.table, targetTableName: "moment-\(number)")
            input.restoreDateTime = moment.time
            _ = try await process.service.restoreTableToPointInTime(input, process.context)
            await process.service.jobs.whenIdle()
            let items = Set(try await Self.all(process, table: input.targetTableName))
            #expect(items == moment.items, "\(self.note): moment \(number)")
        }
    }

    /// No index that is gone has entries, and no mark says that something is to be done.
    private func verifyNothingIsLeft(_ process: SimulatedProcess) async throws {
        let marks: [UInt16] = [2, 6, 8, 20]
        for mark in marks {
            let left = try await self.simulation.contents(KeyRange(prefix: KeySpace(table: 0, index: mark).prefix))
            #expect(left.isEmpty, "\(self.note): marks \(mark)")
        }
        let table = try await process.service.describeTable(DescribeTableInput(tableName: Self.table), process.context)
        let indexCount =
            1 + (table.table?.globalSecondaryIndexes?.count ?? 0) + (table.table?.localSecondaryIndexes?.count ?? 0)
        let entries = try await self.simulation.contents(KeyRange(prefix: Array(KeySpace(table: 1).prefix.prefix(8))))
        let numbers = Set(entries.map { Array($0.key[8..<10]) }).subtracting([[0xFF, 0xFF]])
        #expect(numbers.count <= indexCount, "\(self.note): \(numbers)")
    }
}
