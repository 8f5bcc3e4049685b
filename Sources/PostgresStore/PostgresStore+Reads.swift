package import KeyValue
internal import Primitives
internal import Synchronization

extension PostgresStore {
    /// More than any page, and far from overflow in the server's arithmetic.
    private static let boundMax = Int64(1) << 40
    /// The minimum, and the first, number of entries that a page looks at.
    private static let lookedAtMin: Int64 = 64

    package func getCached(_ keys: [[UInt8]], _ mode: ReadMode) throws(StorageError) -> ReadResult? {
        try self.requireOpen()
        return nil
    }

    package func scanCached(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) throws(StorageError) -> Page? {
        try self.requireOpen()
        return nil
    }

    package func get(_ keys: [[UInt8]], _ mode: ReadMode) async throws(StorageError) -> ReadResult {
        try await self.read(keys).result
    }

    /// The values, with the time of the last commit that they reflect.
    private func read(_ keys: [[UInt8]]) async throws(StorageError) -> (result: ReadResult, time: Timestamp) {
        try self.requireOpen()
        var request = Request(statement: .get)
        request.parameters.add(values: keys)
        return try await self.reads.run(request) { rows in
            var values = [Versioned?](repeating: nil, count: keys.count)
            for row in 0..<rows.count where !rows.isNull(row, 2) {
                values[Int(rows.number(row, 2)) - 1] = Self.record(rows, row, firstColumn: 3)
            }
            let asOf = CommitVersion(UInt64(rows.number(0, 0)))
            let time = Timestamp(millisecondsSinceEpoch: rows.number(0, 1))
            return (ReadResult(values: values, asOf: asOf), time)
        }
    }

    /// Version, time, stamp (two columns) and value.
    private static func record(_ rows: Rows, _ row: Int, firstColumn: Int) -> Versioned {
        var stamp: ReplicationStamp?
        if let time = rows.numberOrNil(row, firstColumn + 2), let version = rows.numberOrNil(row, firstColumn + 3) {
            stamp = ReplicationStamp(
                time: Timestamp(millisecondsSinceEpoch: time), version: CommitVersion(UInt64(bitPattern: version)))
        }
        return Versioned(
            value: rows.bytes(row, firstColumn + 4), version: CommitVersion(UInt64(rows.number(row, firstColumn))),
            time: Timestamp(millisecondsSinceEpoch: rows.number(row, firstColumn + 1)), stamp: stamp)
    }

    /// Decides a batch that consists of key checks only: what is visible is durable, so one read is enough.
    ///
    /// - Returns: nil when there are range checks, which need a transaction.
    func verify(_ checks: [Check]) async throws(StorageError) -> CommitReceipt? {
        var keys: [[UInt8]] = []
        for check in checks {
            guard case .unchanged(let key, _) = check else { return nil }
            keys.append(key)
        }
        let (read, time) = try await self.read(keys)
        for (index, check) in checks.enumerated() {
            guard case .unchanged(_, let since) = check, read[index]?.version != since else { continue }
            throw .checkFailed(index: index)
        }
        return CommitReceipt(version: read.asOf, time: max(time, self.options.clock.now()))
    }

    package func scan(
        _ range: KeyRange, limit: Int, byteLimit: Int, reverse: Bool
    ) async throws(StorageError) -> Page {
        precondition(limit >= 1 && byteLimit >= 1, "a page holds at least one entry")
        try self.requireOpen()
        let end = range.end ?? KeyRange.afterEveryKey(self.limits)
        return try await self.page(limit: limit, byteLimit: byteLimit) { limit, byteLimit, lookedAt in
            var request = Request(statement: reverse ? .scanBackward : .scanForward)
            request.parameters.add(range.start)
            request.parameters.add(end)
            for bound in [limit, byteLimit, lookedAt] { request.parameters.add(bound) }
            return request
        } decode: { rows, lookedAt in
            var entries = Page.Entries()
            var next: [UInt8]?
            for row in 0..<rows.count where !rows.isNull(row, 1) {
                let key = rows.bytes(row, 1)
                if rows.isNull(row, 6) {
                    next = key
                } else {
                    entries.append(Page.Entry(key: key, record: Self.record(rows, row, firstColumn: 2)))
                }
            }
            if next == nil, entries.count == lookedAt { return nil }
            let continuation = next.flatMap { key in reverse ? entries.last?.key : key }
            let asOf = CommitVersion(UInt64(rows.number(0, 0)))
            return (Page(entries: entries, asOf: asOf, continuation: continuation), entries.count, entries.bytes.count)
        }
    }

    package func readLog(
        _ log: LogID, after position: LogPosition?, limit: Int, byteLimit: Int
    ) async throws(StorageError) -> LogPage {
        precondition(limit >= 1 && byteLimit >= 1, "a page holds at least one entry")
        try self.requireOpen()
        return try await self.page(limit: limit, byteLimit: byteLimit) { limit, byteLimit, lookedAt in
            var request = Request(statement: .readLog)
            request.parameters.add(Int64(bitPattern: log.rawValue))
            request.parameters.add(position.map { Int64(clamping: $0.version.rawValue) } ?? -1)
            request.parameters.add(position.map { Int64($0.index) } ?? -1)
            for bound in [limit, byteLimit, lookedAt] { request.parameters.add(bound) }
            return request
        } decode: { rows, lookedAt in
            var entries: [LogEntry] = []
            var hasMore = false
            for row in 0..<rows.count where !rows.isNull(row, 1) {
                guard !rows.isNull(row, 4) else {
                    hasMore = true
                    continue
                }
                let version = CommitVersion(UInt64(rows.number(row, 1)))
                entries.append(
                    LogEntry(
                        position: LogPosition(version: version, index: UInt32(rows.number(row, 2))),
                        time: Timestamp(millisecondsSinceEpoch: rows.number(row, 3)), payload: rows.bytes(row, 4)))
            }
            if !hasMore, entries.count == lookedAt { return nil }
            let watermark = CommitVersion(UInt64(rows.number(0, 0)))
            let bytes = entries.reduce(0) { $0 + $1.payload.count }
            return (LogPage(entries: entries, hasMore: hasMore, watermark: watermark), entries.count, bytes)
        }
    }

    /// Reads a page, looking at as many entries as it will probably need. If they were too few (`decode` returns nil),
    /// the whole page is read again with more of them, because it must come from one statement, which is one snapshot.
    private func page<Value: Sendable>(
        limit: Int, byteLimit: Int, request: (Int64, Int64, Int64) -> Request,
        decode: @escaping @Sendable (Rows, Int) -> (page: Value, count: Int, bytes: Int)?
    ) async throws(StorageError) -> Value {
        let (limit, byteLimit) = (min(Int64(limit), Self.boundMax), min(Int64(byteLimit), Self.boundMax))
        let likely = byteLimit / Int64(self.entryBytes.load(ordering: .relaxed)) * 5 / 4
        var lookedAt = min(limit + 1, max(Self.lookedAtMin, min(likely, 4096)))
        while true {
            let asked = Int(lookedAt)
            let found = try await self.reads.run(request(limit, byteLimit, lookedAt)) { decode($0, asked) }
            if let found {
                if found.count >= 16 {
                    let old = self.entryBytes.load(ordering: .relaxed)
                    self.entryBytes.store(max(1, (3 * old + found.bytes / found.count) / 4), ordering: .relaxed)
                }
                return found.page
            }
            lookedAt = min(limit + 1, lookedAt * 8)
        }
    }
}
