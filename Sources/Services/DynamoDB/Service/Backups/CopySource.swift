internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// Items as of one moment: those of a backup, which are immutable, or those of a table, which is written to while it is
/// read.
struct CopySource: Sendable, Equatable {
    /// The moment, as a position in the change log.
    enum Moment: Sendable, Equatable {
        /// Right after the commit of this version.
        case version(CommitVersion)
        /// After every commit up to this time.
        case time(Timestamp)

        func isBefore(_ entry: LogEntry) -> Bool {
            switch self {
            case .version(let version): entry.position.version > version
            case .time(let time): entry.time > time
            }
        }
    }

    /// How to reconstruct the former items of a table.
    struct History: Sendable, Equatable {
        /// A log that contains every change after the moment.
        var log: LogID
        var moment: Moment
        /// The table number for the values that changed keys had at the moment.
        var number: UInt64
    }

    /// The table number of the items.
    var contents: UInt64
    var schema: KeySchema
    /// nil for immutable items.
    var history: History?
}

/// Reads a `CopySource` in bounded slices, in the order of keys.
///
/// A slice is a fuzzy scan of the present. For keys that were changed after the moment, the old image of the earliest
/// later log record counts instead; these images are stored under the copy's own number as the log is read, up to the
/// commit that the scan saw. So a table is copied as of one moment without blocking its writers, and without a base
/// snapshot.
struct CopyReader: Sendable {
    /// A slice ends with the entry that reaches either limit.
    static let sliceCountMax = 100
    static let sliceBytesMax = 256 << 10
    /// Log records read at once.
    static let logCountMax = 100
    static let logBytesMax = 1 << 20
    private static let absent: UInt8 = 0
    private static let present: UInt8 = 1

    /// A part of the items.
    struct Slice: Sendable {
        /// The rest of an item's key after the key space's prefix, and the item.
        var items: [(place: [UInt8], item: AttributeMap)] = []
        /// Where the next slice begins; nil after the last one.
        var next: [UInt8]?
    }

    let store: any OrderedStore
    let source: CopySource

    /// The slice that begins at a place; the first slice begins at the empty one.
    func slice(from place: [UInt8]) async throws(StorageError) -> Slice {
        let page = try await self.scan(self.source.contents, from: place, to: nil)
        var next = page.continuation.map { Self.place($0) }
        var changed: [Page.Entry] = []
        if let history = self.source.history {
            try await self.readLog(history, through: page.asOf)
            let noted = try await self.scan(history.number, from: place, to: next)
            changed = Array(noted.entries)
            // If more keys were changed than fit in one slice, the slice ends with these.
            if let end = noted.continuation { next = Self.place(end) }
        }
        var slice = Slice(next: next)
        var rest = changed[...]
        for entry in page.entries {
            let place = Self.place(entry.key)
            if let next, KeyOrder.compare(place, next) >= 0 { break }
            while let first = rest.first, KeyOrder.compare(Self.place(first.key), place) < 0 {
                try Self.append(noted: rest.removeFirst(), to: &slice)
            }
            if let first = rest.first, Self.place(first.key) == place {
                try Self.append(noted: rest.removeFirst(), to: &slice)
            } else {
                slice.items.append((place, try Self.item(entry.record.value)))
            }
        }
        for entry in rest { try Self.append(noted: entry, to: &slice) }
        return slice
    }

    private static func append(noted entry: Page.Entry, to slice: inout Slice) throws(StorageError) {
        guard entry.record.value.first == self.present else { return }
        slice.items.append((self.place(entry.key), try self.item(Array(entry.record.value.dropFirst()))))
    }

    private static func item(_ bytes: [UInt8]) throws(StorageError) -> AttributeMap {
        guard let item = AttributeMap(stored: bytes) else { throw .corrupt("item") }
        return item
    }

    private static func place(_ key: [UInt8]) -> [UInt8] { Array(key.dropFirst(KeySpace.prefixBytes)) }

    private func scan(_ number: UInt64, from start: [UInt8], to end: [UInt8]?) async throws(StorageError) -> Page {
        let prefix = KeySpace(table: number).prefix
        let range = KeyRange(
            start: prefix + start, end: end.map { prefix + $0 } ?? KeyRange.successor(ofPrefix: prefix))
        return try await self.store.scan(
            range, limit: Self.sliceCountMax, byteLimit: Self.sliceBytesMax, reverse: false)
    }

    // Former values of changed keys

    /// Stores the former values of the keys that were changed after the moment, in every commit up to `version` at
    /// least.
    private func readLog(_ history: CopySource.History, through version: CommitVersion) async throws(StorageError) {
        let mark = KeySpace(table: history.number, index: 1).prefix
        while true {
            let state = try await self.store.get([mark], .forAnswer)
            let position = try await self.position(history, state[0])
            let page = try await self.store.readLog(
                history.log, after: position, limit: Self.logCountMax, byteLimit: Self.logBytesMax)
            if let last = page.entries.last {
                try await self.note(page.entries, history, at: mark, state[0]?.version, through: last.position)
            }
            if !page.hasMore && page.watermark >= version { return }
            await Task.yield()
        }
    }

    private func note(
        _ entries: [LogEntry], _ history: CopySource.History, at mark: [UInt8], _ version: CommitVersion?,
        through position: LogPosition
    ) async throws(StorageError) {
        let space = KeySpace(table: history.number)
        var olds: [(key: [UInt8], old: AttributeMap?)] = []
        var seen: Set<[UInt8]> = []
        for entry in entries where history.moment.isBefore(entry) {
            guard let change = ChangeRecord(entry.payload), let image = change.old ?? change.new else {
                throw .corrupt("change record")
            }
            let key = KeyEncoder.tableKey(space, self.source.schema, image)
            if seen.insert(key).inserted { olds.append((key, change.old)) }
        }
        let known = try await self.store.get(olds.map(\.key), .forAnswer)
        var writes: [Write] = [.set(mark, Self.encode(position))]
        for (index, change) in olds.enumerated() where known[index] == nil {
            writes.append(.set(change.key, change.old.map { [Self.present] + $0.bytes } ?? [Self.absent]))
        }
        try await self.store.commit(Batch(checks: [.unchanged(mark, since: version)], writes: writes))
    }

    /// The position up to which the log was read.
    private func position(
        _ history: CopySource.History, _ state: Versioned?
    ) async throws(StorageError) -> LogPosition {
        if let state {
            guard let version = BigEndian.read(UInt64.self, from: state.value),
                let index = BigEndian.read(UInt32.self, from: state.value, at: 8)
            else { throw .corrupt("position of a copy") }
            return LogPosition(version: CommitVersion(version), index: index)
        }
        switch history.moment {
        case .version(let version): return .end(of: version)
        case .time(let time):
            return try await ChangeLogSearch.position(history.log, before: time, in: self.store)
        }
    }

    private static func encode(_ position: LogPosition) -> [UInt8] {
        var bytes: [UInt8] = []
        BigEndian.append(position.version.rawValue, to: &bytes)
        BigEndian.append(position.index, to: &bytes)
        return bytes
    }
}

/// Finds a moment in a change log.
enum ChangeLogSearch {
    /// The position before the first entry that was committed after `time`.
    /// - Complexity: O(log versions) reads of one entry.
    static func position(
        _ log: LogID, before time: Timestamp, in store: any OrderedStore
    ) async throws(StorageError) -> LogPosition {
        // Every entry up to `low` was committed by `time`; none after `high` was.
        var low: UInt64 = 0
        var high = try await store.readLog(log, after: nil, limit: 1, byteLimit: 1).watermark.rawValue
        while low < high {
            let middle = low + (high - low) / 2
            let page = try await store.readLog(
                log, after: .end(of: CommitVersion(middle)), limit: 1, byteLimit: 1)
            if let entry = page.entries.first, entry.time <= time {
                low = entry.position.version.rawValue
                high = max(high, low)
            } else {
                high = middle
            }
        }
        return .end(of: CommitVersion(low))
    }
}
