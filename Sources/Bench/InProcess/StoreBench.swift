internal import KeyValue
internal import RocksDBStore

/// The store alone: what a read from memory costs, and how many durable commits the committer makes.
struct StoreBench {
    static let getName = "store get"
    static let commitName = "store commit"
    static let names = [getName, commitName]
    /// Keys that are read and written in turn.
    static let keyCount = 1024

    let store: RocksDBStore
    private let folder: TemporaryFolder
    private let pinning: Pinning

    /// Opens a store with the settings of the server, but for its block cache, and puts every key.
    init(folder: TemporaryFolder, pinning: Pinning) async throws {
        self.folder = folder
        self.pinning = pinning
        self.store = try RocksDBStore(path: folder.path + "/store")
        for number in 0..<Self.keyCount { try await self.store.commit(Self.batch(number, counter: 0)) }
    }

    func measurements(writerCounts: [Int]) -> [any Measurement] {
        [StoreGetMeasurement(store: self.store)]
            + writerCounts.map {
                StoreCommitMeasurement(folder: self.folder, core: self.pinning.serverCore, writerCount: $0)
            }
    }

    func close() async {
        await self.store.close()
    }

    /// As long as a key of the DynamoDB service: table, index, hash of the partition key, sort key.
    static func key(_ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 26) + Array("sort-\(10_000 + number)".utf8)
    }

    /// One write of a value of 1 KB that differs from the one before.
    static func batch(_ number: Int, counter: UInt64) -> Batch {
        var value = [UInt8](repeating: 0x61, count: 1024)
        for position in 0..<8 { value[position] = UInt8(truncatingIfNeeded: counter >> (8 * position)) }
        return Batch(writes: [.set(self.key(number), value)])
    }
}

/// A read of one key from memory, as a handler on an event loop does it.
struct StoreGetMeasurement: Measurement {
    let store: RocksDBStore

    var name: String { StoreBench.getName }
    var concurrency: Int? { nil }

    func sample(seconds: Double) async throws -> [Metric: Double] {
        let keys = (0..<StoreBench.keyCount).map { [StoreBench.key($0)] }
        // What compaction has moved to a table since is read back into the cache first.
        for key in keys { _ = try await self.store.get(key, .forAnswer) }
        var index = 0
        let nanoseconds = try CallTimer.nanosecondsPerCall(seconds: seconds) {
            let read = try self.store.getCached(keys[index], .forAnswer)
            guard let record = read?.values[0] else { throw BenchError("a key is not in memory") }
            consume(record)
            index = (index + 1) % keys.count
        }
        return [.nanosecondsPerCall: nanoseconds]
    }
}
