import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing

/// A table or an index that goes while somebody reads it, or while its own job changes it.
struct VanishingTests {
    private struct Calls: ItemCalls {
        let service: DynamoDBService
        let context = TableFixture.context()
    }

    private func calls(_ store: HookedStore, transitionMilliseconds: Int64 = 0) async throws -> Calls {
        let calls = Calls(
            service: .simulated(
                store, ManualClock(), BackgroundJobs(), transitionMilliseconds: transitionMilliseconds))
        return calls
    }

    /// The entries of the table that was made first, and of its indexes.
    private static let contents = KeyRange(prefix: Array(KeySpace(table: 1).prefix.prefix(8)))

    private func filled(_ store: HookedStore) async throws -> Calls {
        let calls = try await self.calls(store)
        _ = try await calls.service.createTable(ItemFixture.indexed, calls.context)
        for sort in 0..<20 { try await calls.put(key("a", sort) + [("gp", .s("g")), ("gs", int(sort))]) }
        return calls
    }

    @Test func `an index that goes while it is read is not read in part`() async throws {
        let store = HookedStore()
        let calls = try await self.filled(store)
        store.beforeScan(Self.contents) {
            let input = UpdateTableInput(
                tableName: ItemFixture.table, globalSecondaryIndexUpdates: [deletion("whole")])
            _ = try? await calls.service.updateTable(input, calls.context)
            await calls.service.jobs.whenIdle()
        }
        let sentence = await wording { () throws(ServiceError) in
            try await calls.query("gp = :g", [(":g", .s("g"))], index: "whole")
        }
        #expect(sentence == "The table does not have the specified index: whole")
    }

    @Test func `a table that goes while it is read is not read in part`() async throws {
        let store = HookedStore()
        let calls = try await self.filled(store)
        store.beforeScan(Self.contents) {
            _ = try? await calls.service.deleteTable(DeleteTableInput(tableName: ItemFixture.table), calls.context)
            await calls.service.jobs.whenIdle()
            // Another one of that name has nothing to do with it.
            _ = try? await calls.service.createTable(ItemFixture.indexed, calls.context)
        }
        #expect(await refused { () throws(ServiceError) in try await calls.scan() } == tableMissing)
    }

    @Test func `memory is asked once for an item that it does not hold`() async throws {
        let store = HookedStore()
        let calls = try await self.filled(store)
        // The table is known as of the last commit from here on.
        let known = try await calls.get(key("a", 3)).item
        store.forget()
        #expect(try await calls.get(key("a", 3)).item == known)
        #expect(store.missCount == 1)
    }

    @Test func `a table that is changed by its own job while it is DELETING goes all the same`() async throws {
        let store = HookedStore()
        let calls = try await self.calls(store, transitionMilliseconds: 1)
        _ = try await calls.service.createTable(ItemFixture.plain, calls.context)
        let records = try await store.inner.scan(
            KeyRange(prefix: KeySpace(table: 0, index: 1).prefix), limit: 2, byteLimit: 1 << 20, reverse: false)
        let record = try #require(records.entries.first)
        store.beforeDeletion(of: record.key) {
            guard let present = try? await store.inner.get([record.key], .forAnswer)[0] else { return }
            _ = try? await store.inner.commit(Batch(writes: [.set(record.key, present.value)]))
        }
        let clock = ManualClock()
        clock.advance(milliseconds: 10)
        let later = Calls(
            service: .simulated(store, clock, BackgroundJobs(), transitionMilliseconds: 1))
        _ = try await later.service.deleteTable(DeleteTableInput(tableName: ItemFixture.table), later.context)
        await later.service.jobs.whenIdle()
        let names = try await later.service.listTables(ListTablesInput(), later.context).tableNames
        #expect(names == [])
        #expect(try await store.inner.get([record.key], .forAnswer)[0] == nil)
    }
}
