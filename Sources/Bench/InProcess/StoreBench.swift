internal import KeyValue
internal import RocksDBStore

/// The store alone, in this process: what a read from memory costs, and how many durable commits the committer makes.
struct StoreBench {
    static let getName = "store get"
    static let commitName = "store commit"
    static let names = [getName, commitName]
    /// Keys that are read and written in turn.
    static let keyCount = 1024

    let store: RocksDBStore

    /// Opens a store with the settings of the server, but for its block cache, and puts every key.
    init(folder: TemporaryFolder) async throws {
        self.store = try RocksDBStore(path: folder.path + "/store")
        for number in 0..<Self.keyCount { try await self.store.commit(Self.batch(number, counter: 0)) }
    }

    func measurements(writerCounts: [Int]) -> [any Measurement] {
        [StoreGetMeasurement(store: self.store)]
            + writerCounts.map { StoreCommitMeasurement(store: self.store, writerCount: $0) }
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

/// Durable commits of one value of 1 KB from a number of writers, each of which waits for its own.
struct StoreCommitMeasurement: Measurement {
    let store: RocksDBStore
    let writerCount: Int

    var name: String { StoreBench.commitName }
    var concurrency: Int? { self.writerCount }

    func sample(seconds: Double) async throws -> [Metric: Double] {
        let store = self.store
        let writerCount = self.writerCount
        let cpuAtStart = CPUClock.ownProcess.nanoseconds
        let begin = monotonicNanoseconds()
        let end = begin + Int64(seconds * 1e9)
        let latencies = try await withThrowingTaskGroup(of: Latencies.self) { group in
            for writer in 0..<writerCount {
                group.addTask { try await Self.write(store, writer: writer, of: writerCount, until: end) }
            }
            var all = Latencies()
            for try await part in group { all.append(contentsOf: part) }
            return all
        }
        let elapsed = monotonicNanoseconds() - begin
        var metrics = latencies.metrics
        metrics[.perSecond] = Double(latencies.count) / (Double(elapsed) / 1e9)
        let cpu = CPUClock.ownProcess.nanoseconds - cpuAtStart
        metrics[.cpuMicroseconds] = Double(cpu) / Double(max(latencies.count, 1)) / 1000
        return metrics
    }

    /// Writers share no key, as the pool of requests over the wire has it nearly always.
    @concurrent
    private static func write(
        _ store: RocksDBStore, writer: Int, of writerCount: Int, until end: Int64
    ) async throws -> Latencies {
        var latencies = Latencies(reserving: 4096)
        var number = writer
        var begin = monotonicNanoseconds()
        while begin < end {
            try await store.commit(StoreBench.batch(number, counter: UInt64(bitPattern: begin)))
            let now = monotonicNanoseconds()
            latencies.append(now - begin)
            begin = now
            number += writerCount
            if number >= StoreBench.keyCount { number = writer }
        }
        return latencies
    }
}
