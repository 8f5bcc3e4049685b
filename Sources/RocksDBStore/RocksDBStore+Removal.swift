package import KeyValue
internal import Synchronization

/// Bulk removal, in bounded pieces of single deletes.
///
/// RocksDB's DeleteRange is not used: in 7.8.3, Debian's version, an iterator that meets a range tombstone forgets the
/// failure of another level (facebook/rocksdb#11786, fixed in 8.5.2). Reads from memory fail by design when a block is
/// not cached, so scans lost entries; the random model found it within minutes. DeleteFilesInRange can resurrect old
/// versions, and its end is inclusive.
extension RocksDBStore {
    private static let pieceCountMax = 1024
    /// How often one piece of a discard is retried because of concurrent writes into it, before it throws `conflict`.
    private static let pieceRoundsMax = 16

    package func discard(_ range: KeyRange) async throws(StorageError) {
        guard !range.isEmpty else { return }
        let newest = self.lastVersion.load(ordering: .acquiring)
        var rest = range
        while true {
            let piece = try await self.discardPiece(of: rest, newest: newest)
            guard let next = piece.continuation else { break }
            rest = rest.continued(from: next, reverse: false)
        }
        // No key is longer, so this is after every key.
        let end = range.end ?? [UInt8](repeating: 0xFF, count: self.limits.keyBytesMax + 1)
        try await self.fromDisk { engine throws(EngineFailure) in
            try engine.suggestCompaction(.items, from: range.start, to: end)
        }
    }

    package func trimLog(_ log: LogID, through position: LogPosition) async throws(StorageError) {
        let start = StoreLayout.logKey(log, LogPosition(version: .zero, index: 0))
        // The next possible key: one zero byte longer.
        let end = StoreLayout.logKey(log, position) + [0]
        while true {
            let keys = try await self.fromDisk { engine throws(EngineFailure) in
                try Self.keys(.log, from: start, to: end, engine)
            }
            guard !keys.isEmpty else { return }
            let bytes = keys.reduce(0) { $0 + $1.count }
            let outcome = await self.enqueue { state, now, waiter in
                state.admitTrim(keys, bytes: bytes, now: now, waiter: waiter)
            }
            if case .failed(let error) = outcome { throw error }
        }
    }

    private struct Piece: Sendable {
        var checks: [Check] = []
        var continuation: [UInt8]?
        var asOf = CommitVersion.zero
    }

    /// Removes the first records of `range` that are not newer than `newest`, in one commit.
    private func discardPiece(of range: KeyRange, newest: UInt64) async throws(StorageError) -> Piece {
        for _ in 0..<Self.pieceRoundsMax {
            let piece = try await self.fromDisk { engine throws(EngineFailure) in
                try self.piece(of: range, newest: newest, engine)
            }
            let writes = piece.checks.map { check in
                guard case .unchanged(let key, _) = check else { preconditionFailure("a piece checks keys only") }
                return Write.delete(key)
            }
            do throws(StorageError) {
                try await self.commit(Batch(checks: piece.checks, writes: writes, readAsOf: piece.asOf))
                return piece
            } catch {
                guard case .checkFailed = error else { throw error }
            }
        }
        throw .conflict
    }

    private func piece(of range: KeyRange, newest: UInt64, _ engine: Engine) throws(EngineFailure) -> Piece {
        var piece = Piece(asOf: CommitVersion(self.settledVersion.load(ordering: .acquiring)))
        try unsafe engine.forEach(
            .items, from: range.start, to: range.end, tier: .disk
        ) { key, value throws(EngineFailure) in
            guard piece.checks.count < Self.pieceCountMax else {
                piece.continuation = unsafe Array(key)
                return false
            }
            guard value.count >= RecordCodec.headerBytes else {
                throw .corrupt("a record is shorter than its header")
            }
            let version = unsafe RecordCodec.version(value)
            if version <= newest { unsafe piece.checks.append(.unchanged(Array(key), since: CommitVersion(version))) }
            return true
        }
        return piece
    }

    private static func keys(
        _ family: Family, from start: [UInt8], to end: [UInt8], _ engine: Engine
    ) throws(EngineFailure) -> [[UInt8]] {
        var keys: [[UInt8]] = []
        try unsafe engine.forEach(
            family, from: start, to: end, tier: .disk
        ) { key, _ throws(EngineFailure) in
            unsafe keys.append(Array(key))
            return keys.count < Self.pieceCountMax
        }
        return keys
    }
}
