package import KeyValue

extension PostgresStore {
    /// Entries that one statement removes.
    private static let pieceCount: Int64 = 1000

    package func discard(_ range: KeyRange) async throws(StorageError) {
        try self.requireTakingWrites()
        // Anything written from now on has a later version, and stays.
        let newest = try await self.reads.run(Request(statement: .counter)) { $0.number(0, 0) }
        let end = range.end ?? KeyRange.afterEveryKey(self.limits)
        var start = range.start
        var isDone = KeyRange(start: start, end: end).isEmpty
        while !isDone {
            var request = Request(statement: .discard)
            request.parameters.add(start)
            request.parameters.add(end)
            request.parameters.add(Self.pieceCount)
            request.parameters.add(newest)
            let (last, count) = try await self.reads.run(request) { rows in
                (rows.isNull(0, 0) ? nil : rows.bytes(0, 0), rows.number(0, 1))
            }
            if let last { start = last + [0] }
            isDone = last == nil || count < Self.pieceCount
        }
    }

    package func trimLog(_ log: LogID, through position: LogPosition) async throws(StorageError) {
        try self.requireTakingWrites()
        var removed = Self.pieceCount
        while removed == Self.pieceCount {
            var request = Request(statement: .trimLog)
            request.parameters.add(Int64(bitPattern: log.rawValue))
            request.parameters.add(Int64(clamping: position.version.rawValue))
            request.parameters.add(Int64(position.index))
            request.parameters.add(Self.pieceCount)
            removed = try await self.reads.run(request) { $0.number(0, 0) }
        }
    }
}
