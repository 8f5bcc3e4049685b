import DynamoDBModel
import DynamoDBValues
import KeyValue
import Testing

struct ChangeLogTests {
    private static let watched = {
        var input = ItemFixture.plain
        input.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .newAndOldImages)
        return input
    }()

    /// Entries of the log of the first table that a store holds.
    private func count(_ store: MemoryStore) async throws -> Int {
        try await store.readLog(LogID(1), after: nil, limit: 100, byteLimit: 1 << 20).entries.count
    }

    @Test func `a table without a reader of changes keeps none`() async throws {
        let store = MemoryStore()
        let fixture = try await ItemFixture(store: store)
        try await fixture.put(key("a", 1))
        #expect(try await self.count(store) == 0)
    }

    @Test func `each change is kept once, and a write that changes nothing is not`() async throws {
        let store = MemoryStore()
        let fixture = try await ItemFixture(Self.watched, store: store)
        try await fixture.put(key("a", 1) + [("x", .s("1"))])
        try await fixture.put(key("a", 1) + [("x", .s("1"))])
        #expect(try await self.count(store) == 1)
        try await fixture.put([("x", .s("2"))] + key("a", 1))
        try await fixture.put(key("a", 1) + [("x", .s("2"))])
        #expect(try await self.count(store) == 2)
        try await fixture.delete(key("a", 1))
        try await fixture.delete(key("a", 1))
        #expect(try await self.count(store) == 3)
    }
}
