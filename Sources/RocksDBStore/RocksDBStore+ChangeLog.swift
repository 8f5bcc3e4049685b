package import KeyValue
internal import Synchronization

extension RocksDBStore {
    package func readLog(
        _ log: LogID, after position: LogPosition?, limit: Int, byteLimit: Int
    ) async throws(StorageError) -> LogPage {
        precondition(limit >= 1 && byteLimit >= 1, "a page holds at least one entry")
        let cached = try self.fromMemory { engine throws(EngineFailure) in
            try self.logPage(log, position, limit, byteLimit, engine, tier: .memory)
        }
        if let cached { return cached }
        return try await self.fromDisk { engine throws(EngineFailure) in
            try self.logPage(log, position, limit, byteLimit, engine, tier: .disk)
        }
    }

    /// Groups reach the engine whole and in the order of versions, so what one iterator sees has no gaps.
    private func logPage(
        _ log: LogID, _ position: LogPosition?, _ limit: Int, _ byteLimit: Int, _ engine: Engine,
        tier: Engine.ReadTier
    ) throws(EngineFailure) -> LogPage {
        let watermark = CommitVersion(self.settledVersion.load(ordering: .acquiring))
        let start =
            position.map { StoreLayout.logKey(log, $0) + [0] }
            ?? StoreLayout.logKey(log, LogPosition(version: .zero, index: 0))
        let end = StoreLayout.logKey(log, .end(of: CommitVersion(.max))) + [0]
        var entries: [LogEntry] = []
        var bytes = 0
        var hasMore = false
        try unsafe engine.forEach(
            .log, from: start, to: end, tier: tier
        ) { key, value throws(EngineFailure) in
            guard entries.count < limit, bytes < byteLimit else {
                hasMore = true
                return false
            }
            let entry = try unsafe StoreLayout.logEntry(key: Array(key), value: Array(value))
            entries.append(entry)
            bytes += entry.payload.count
            return true
        }
        // An entry that became durable after the watermark was taken proves that everything before it is durable too.
        return LogPage(
            entries: entries, hasMore: hasMore, watermark: max(watermark, entries.last?.position.version ?? .zero)
        )
    }
}
