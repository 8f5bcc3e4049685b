package import KeyValue
package import Primitives

/// Filling a new store with what another one holds, with its versions and times. For a store that serves nobody: what
/// is loaded is seen after it was closed and opened again.
extension RocksDBStore {
    /// The change logs that hold something.
    package func logIDs() async throws(StorageError) -> [LogID] {
        try await self.fromDisk { engine throws(EngineFailure) in
            var found: [LogID] = []
            var start: [UInt8]? = StoreLayout.logKey(LogID(0), LogPosition(version: .zero, index: 0))
            while let from = start {
                start = nil
                try unsafe engine.forEach(
                    .log, from: from, to: nil, isFromMemoryOnly: false
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

    /// Says which commit was the last, so that later ones have greater numbers.
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
