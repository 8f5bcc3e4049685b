package import KeyValue
package import Primitives

/// Fills a new store with the contents of another, including versions and times. Only for a store that serves nobody.
extension PostgresStore {
    /// The change logs that have entries.
    package func logIDs() async throws(StorageError) -> [LogID] {
        var found: [LogID] = []
        var start = Int64.min
        while true {
            var request = Request(statement: .nextLog)
            request.parameters.add(start)
            let next = try await self.reads.run(request) { $0.count == 0 ? nil : $0.number(0, 0) }
            guard let next else { return found }
            found.append(LogID(UInt64(bitPattern: next)))
            guard next < Int64.max else { return found }
            start = next + 1
        }
    }

    package func load(_ entries: [Page.Entry]) async throws(StorageError) {
        for entry in entries where entry.key.count > self.limits.keyBytesMax {
            throw .tooLarge(bytes: entry.key.count, limitBytes: self.limits.keyBytesMax)
        }
        var request = Request(statement: .loadItems)
        request.parameters.add(values: entries.map(\.key))
        request.parameters.add(values: entries.map(\.record.value))
        request.parameters.add(numbers: entries.map { Int64(clamping: $0.record.version.rawValue) })
        request.parameters.add(numbers: entries.map { $0.record.time.millisecondsSinceEpoch })
        request.parameters.add(numbers: entries.map { $0.record.stamp?.time.millisecondsSinceEpoch })
        request.parameters.add(
            numbers: entries.map { $0.record.stamp.map { Int64(bitPattern: $0.version.rawValue) } })
        try await self.reads.run(request) { _ in }
    }

    package func load(_ entries: [LogEntry], into log: LogID) async throws(StorageError) {
        var request = Request(statement: .loadLog)
        request.parameters.add(Int64(bitPattern: log.rawValue))
        request.parameters.add(numbers: entries.map { Int64(clamping: $0.position.version.rawValue) })
        request.parameters.add(numbers: entries.map { Int64($0.position.index) })
        request.parameters.add(numbers: entries.map { $0.time.millisecondsSinceEpoch })
        request.parameters.add(values: entries.map(\.payload))
        try await self.reads.run(request) { _ in }
    }

    /// Sets the version and time of the last commit, so that later commits get higher versions.
    package func finishLoading(version: CommitVersion, time: Timestamp) async throws(StorageError) {
        var request = Request(statement: .finishLoading)
        request.parameters.add(Int64(clamping: version.rawValue))
        request.parameters.add(time.millisecondsSinceEpoch)
        try await self.reads.run(request) { _ in }
    }
}
