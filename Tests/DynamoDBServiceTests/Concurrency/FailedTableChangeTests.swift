import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import RocksDBStore
import ServiceKit
import ServiceModel
import Synchronization
import TestSupport
import Testing

/// Requests for items while a change of their table waits for the disk, and after that change failed.
struct FailedTableChangeTests {
    /// Holds the disk before a group of commits until it is let go, and fails the group if it is told to.
    private final class Gate: CommitGate {
        private struct State {
            var mustHold = false
            var isHeld = false
            var sentence: String?
        }

        private let state = Mutex(State())

        /// Holds the next group.
        func hold() { self.state.withLock { $0.mustHold = true } }

        var isHeld: Bool { self.state.withLock { $0.isHeld } }

        /// - Parameter sentence: why the held group fails; nil if it does not.
        func release(_ sentence: String?) { self.state.withLock { $0 = State(sentence: sentence) } }

        func beforeWrite(commitCount: Int) -> String? {
            while self.mustWait() { BlockingThread.sleep(milliseconds: 1) }
            return self.state.withLock { state in
                defer { state.sentence = nil }
                return state.sentence
            }
        }

        private func mustWait() -> Bool {
            self.state.withLock { state in
                state.isHeld = state.mustHold
                return state.mustHold
            }
        }

        func afterWrite(commitCount: Int) -> String? { nil }
    }

    private struct Calls: ItemCalls {
        let service: DynamoDBService
        let context = TableFixture.context()

        func protect() async throws(ServiceError) {
            let input = UpdateTableInput(tableName: ItemFixture.table, deletionProtectionEnabled: true)
            _ = try await self.service.updateTable(input, self.context)
        }

        func transact() async throws(ServiceError) {
            let put = Put(item: item([("pk", .s("a")), ("sk", int(2))]), tableName: ItemFixture.table)
            let input = TransactWriteItemsInput(transactItems: [TransactWriteItem(put: put)])
            _ = try await self.service.transactWriteItems(input, self.context)
        }
    }

    private static let key: [(String, AttributeValue)] = [("pk", .s("a")), ("sk", int(1))]

    private let folder = ScratchFolder()

    /// The code of a request's error; nil if it was done.
    private static func code(_ request: @Sendable () async throws(ServiceError) -> Void) async -> String? {
        do throws(ServiceError) {
            try await request()
            return nil
        } catch {
            return error.code
        }
    }

    /// Changes the table and writes to it while the disk is held.
    /// - Returns: the codes of the change, of both writes, and of the reads in the meantime.
    private func meet(
        _ calls: Calls, _ gate: Gate, failing sentence: String?
    ) async -> (change: String?, writes: [String?], reads: [String?]) {
        gate.hold()
        async let change = Self.code { () async throws(ServiceError) in try await calls.protect() }
        // Sleep throws only on cancellation, when the gate must be let go before the requests can end.
        while !gate.isHeld, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
        async let put = Self.code { () async throws(ServiceError) in _ = try await calls.put(Self.key) }
        async let transaction = Self.code { () async throws(ServiceError) in try await calls.transact() }
        // The writes meet the change meanwhile; on a machine that is too busy for that, the test holds all the same.
        var reads: [String?] = []
        for _ in 0..<20 {
            reads.append(await Self.code { () async throws(ServiceError) in _ = try await calls.get(Self.key) })
            try? await Task.sleep(for: .milliseconds(1))
        }
        gate.release(sentence)
        return await (change, [put, transaction], reads)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [nil, "IO error: No space left on device: While appending to file: x"] as [String?])
    func `a change of a table that waits for the disk, or fails, keeps no request from the table's items`(
        _ sentence: String?
    ) async throws {
        try Files.createDirectory(self.folder.path)
        let gate = Gate()
        var options = StoreOptions()
        options.gate = gate
        options.spaceCheckMilliseconds = 5
        let store = try RocksDBStore(path: self.folder.path + "/store", options: options)
        let calls = Calls(service: .simulated(store, SystemClock(), BackgroundJobs()))
        _ = try await calls.service.createTable(ItemFixture.plain, calls.context)
        _ = try await calls.put(Self.key)

        let codes = await self.meet(calls, gate, failing: sentence)
        let refusal = sentence.map { _ in "ServiceUnavailable" }
        #expect(codes.change == refusal)
        #expect(codes.writes.allSatisfy { $0 == nil || $0 == refusal }, "\(codes.writes)")
        #expect(codes.reads.allSatisfy { $0 == nil }, "\(codes.reads)")

        for await health in store.healthUpdates() where health.isTakingWrites { break }
        _ = try await calls.put(Self.key)
        try await calls.transact()
        #expect(try await calls.get(Self.key).item != nil)
        await store.close()
    }
}
