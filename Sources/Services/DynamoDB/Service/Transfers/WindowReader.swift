internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// Reads the changes of a table within a window of time, one for each changed item, in the order of keys.
///
/// The log is read first, in slices; the net change of each key is stored under the export's own number.
struct WindowReader: Sendable {
    /// A part of the changed items.
    struct Slice: Sendable {
        var changes: [WindowChange] = []
        /// Where the next slice begins; nil after the last one.
        var next: [UInt8]?
    }

    let store: any OrderedStore
    let export: ExportDescriptor
    /// Inclusive.
    let from: Timestamp
    /// Exclusive.
    let to: Timestamp

    /// Stores the changes of the next part of the log.
    /// - Returns: whether the end of the window was reached.
    func readLog() async throws(StorageError) -> Bool {
        let mark = KeySpace(table: self.export.copy, index: 1).prefix
        let state = try await self.store.get([mark], .forAnswer)
        let position: LogPosition
        if let record = state[0] {
            guard let version = BigEndian.read(UInt64.self, from: record.value),
                let index = BigEndian.read(UInt32.self, from: record.value, at: 8)
            else { throw .corrupt("position of an export") }
            position = LogPosition(version: CommitVersion(version), index: index)
        } else {
            let before = Timestamp(millisecondsSinceEpoch: self.from.millisecondsSinceEpoch - 1)
            position = try await ChangeLogSearch.position(self.export.table.log, before: before, in: self.store)
        }
        let page = try await self.store.readLog(
            self.export.table.log, after: position, limit: CopyReader.logCountMax, byteLimit: CopyReader.logBytesMax)
        let entries = page.entries.prefix { $0.time < self.to }
        var last: [UInt8] = []
        let end = entries.last?.position ?? position
        BigEndian.append(end.version.rawValue, to: &last)
        BigEndian.append(end.index, to: &last)
        let writes = try await self.notes(entries) + [.set(mark, last)]
        try await self.store.commit(
            Batch(checks: [.unchanged(mark, since: state[0]?.version)], writes: writes))
        return entries.count < page.entries.count || !page.hasMore
    }

    private func notes(_ entries: ArraySlice<LogEntry>) async throws(StorageError) -> [Write] {
        let space = KeySpace(table: self.export.copy)
        var keys: [[UInt8]] = []
        var changes: [[UInt8]: WindowChange] = [:]
        for entry in entries {
            guard let change = ChangeRecord(entry.payload), let image = change.old ?? change.new else {
                throw .corrupt("change record")
            }
            let key = KeyEncoder.tableKey(space, self.export.table.schema, image)
            if let known = changes[key] {
                changes[key] = WindowChange(old: known.old, new: change.new, time: entry.time)
            } else {
                keys.append(key)
                changes[key] = WindowChange(old: change.old, new: change.new, time: entry.time)
            }
        }
        let known = try await self.store.get(keys, .forAnswer)
        var writes: [Write] = []
        for (index, key) in keys.enumerated() {
            guard var change = changes[key] else { continue }
            if let record = known[index] {
                guard let earlier = WindowChange(record.value) else { throw .corrupt("change of an export") }
                change.old = earlier.old
            }
            // An item that was both created and deleted within the window is not exported.
            let isNothing = change.old == nil && change.new == nil
            writes.append(isNothing ? .delete(key) : .set(key, change.encoded))
        }
        return writes
    }

    /// The slice that begins at a place; the first slice begins at the empty one.
    func slice(from place: [UInt8]) async throws(StorageError) -> Slice {
        let prefix = KeySpace(table: self.export.copy).prefix
        let page = try await self.store.scan(
            KeyRange(start: prefix + place, end: KeyRange.successor(ofPrefix: prefix)),
            limit: CopyReader.sliceCountMax, byteLimit: CopyReader.sliceBytesMax, reverse: false)
        var slice = Slice(next: page.continuation.map { Array($0.dropFirst(prefix.count)) })
        for entry in page.entries {
            guard let change = WindowChange(entry.record.value) else { throw .corrupt("change of an export") }
            slice.changes.append(change)
        }
        return slice
    }
}
