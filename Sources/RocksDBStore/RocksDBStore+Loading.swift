package import KeyValue
package import Primitives

/// Fills a new store with the contents of another, including versions and times.
///
/// Only for a store that serves nobody: what is loaded is visible after the store was closed and opened again.
extension RocksDBStore {
    /// The change logs that have entries.
    package func logIDs() async throws(StorageError) -> [LogID] {
        try await self.fromDisk { engine throws(EngineFailure) in
            var found: [LogID] = []
            var start: [UInt8]? = StoreLayout.logKey(LogID(0), LogPosition(version: .zero, index: 0))
            while let from = start {
                start = nil
                try unsafe engine.forEach(
                    .log, from: from, to: nil, tier: .disk
                ) { key, _ throws(EngineFailure) in
                    guard let id = unsafe BigEndian.read(UInt64.self, from: Array(key)) else {
                        throw .corrupt("a key of the change log is too short")
                    }
                    found.append(LogID(id))
                    let next = LogID(id &+ 1)
                    if id < .max { start = StoreLayout.logKey(next, LogPosition(version: .zero, index: 0)) }
                    return false
                }
            }
            return found
        }
    }

    package func load(_ entries: [Page.Entry]) async throws(StorageError) {
        try await self.load { group, engine in
            for entry in entries {
                group.set(
                    entry.key, entry.record.value, version: entry.record.version.rawValue, time: entry.record.time,
                    stamp: entry.record.stamp, on: engine)
            }
        }
    }

    package func load(_ entries: [LogEntry], into log: LogID) async throws(StorageError) {
        try await self.load { group, engine in
            for entry in entries {
                let value = StoreLayout.logValue(time: entry.time, payload: entry.payload)
                group.put(.log, StoreLayout.logKey(log, entry.position), value, on: engine)
            }
        }
    }

    /// Sets the version and time of the last commit, so that later commits get higher versions.
    package func finishLoading(version: CommitVersion, time: Timestamp) async throws(StorageError) {
        try await self.load { group, engine in
            let value = StoreLayout.lastCommitValue(version: version.rawValue, time: time)
            group.put(.meta, StoreLayout.lastCommitKey, value, on: engine)
        }
    }

    private func load(_ fill: @escaping @Sendable (GroupWriter, Engine) -> Void) async throws(StorageError) {
        try await self.fromDisk { engine throws(EngineFailure) in
            let group = GroupWriter()
            fill(group, engine)
            try engine.write(group, isSynced: true)
        }
    }
}
