import KeyValue
import PostgresStore
import Synchronization

/// Several nodes on one database that look like one store: each call goes to the next node. What holds for it holds for
/// clients behind a load balancer.
final class AlternatingStore: OrderedStore {
    private let nodes: [PostgresStore]
    private let turn = Atomic<Int>(0)

    init(_ nodes: [PostgresStore]) {
        self.nodes = nodes
    }

    private var next: PostgresStore {
        self.nodes[self.turn.add(1, ordering: .relaxed).newValue % self.nodes.count]
    }

    var limits: StoreLimits { self.nodes[0].limits }
    var health: StoreHealth { self.nodes[0].health }
    func healthUpdates() -> AsyncStream<StoreHealth> { self.nodes[0].healthUpdates() }

    func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult? {
        try self.next.getCached(keys, mode)
    }

    func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult {
        try await self.next.get(keys, mode)
    }

    func isUntouched(_ key: [UInt8], since version: CommitVersion) -> Bool {
        self.next.isUntouched(key, since: version)
    }

    func scanCached(_ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool) throws(StorageError) -> Page? {
        try self.next.scanCached(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }

    func scan(_ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool) async throws(StorageError) -> Page {
        try await self.next.scan(range, limit: limit, byteLimit: byteLimit, reverse: reverse)
    }

    @discardableResult
    func commit(_ batch: Batch) async throws(StorageError) -> CommitReceipt {
        try await self.next.commit(batch)
    }

    func discard(_ range: KeyRange) async throws(StorageError) {
        try await self.next.discard(range)
    }

    func readLog(
        _ log: LogID, after position: LogPosition?, limit: Int, byteLimit: Int
    ) async throws(StorageError) -> LogPage {
        try await self.next.readLog(log, after: position, limit: limit, byteLimit: byteLimit)
    }

    func trimLog(_ log: LogID, through position: LogPosition) async throws(StorageError) {
        try await self.next.trimLog(log, through: position)
    }

    func close() async {
        for node in self.nodes { await node.close() }
    }
}
