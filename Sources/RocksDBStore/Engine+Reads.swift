internal import CRocksDB
internal import KeyValue

extension Engine {
    /// How far a read may go.
    enum ReadTier {
        /// Only to RocksDB's memory: a read that needs more throws `incomplete`, so it may run on an event loop.
        case memory
        /// To the disk, for which it may wait.
        case disk
    }

    /// What a read sees, and how far it may go.
    struct View {
        let tier: ReadTier
        /// nil for the newest state.
        var snapshot: Snapshot?
    }

    /// The record of `key`; nil when it is absent.
    func record(_ key: [UInt8], _ view: View) throws(EngineFailure) -> Versioned? {
        try unsafe self.value(.items, key, view) { bytes throws(EngineFailure) in
            try unsafe RecordCodec.decode(bytes)
        }
    }

    /// The bytes of `key`; nil when it is absent.
    func bytes(_ family: Family, _ key: [UInt8], _ view: View) throws(EngineFailure) -> [UInt8]? {
        try unsafe self.value(family, key, view) { bytes throws(EngineFailure) in
            unsafe Array(bytes)
        }
    }

    /// The version of the record of `key`, without copying its value; nil when it is absent.
    func version(_ key: [UInt8], _ view: View) throws(EngineFailure) -> UInt64? {
        try unsafe self.value(.items, key, view) { bytes throws(EngineFailure) in
            guard bytes.count >= RecordCodec.headerBytes else {
                throw .corrupt("a record is shorter than its header")
            }
            return unsafe RecordCodec.version(bytes)
        }
    }

    private func value<Value>(
        _ family: Family,
        _ key: [UInt8],
        _ view: View,
        _ read: (UnsafeRawBufferPointer) throws(EngineFailure) -> Value
    ) throws(EngineFailure) -> Value? {
        let standing = unsafe view.tier == .memory ? self.memoryReads : self.diskReads
        var options = unsafe standing
        if let snapshot = view.snapshot {
            unsafe options = Self.readOptions(view.tier)
            unsafe rocksdb_readoptions_set_snapshot(options, snapshot.pointer)
        }
        defer { if unsafe options != standing { unsafe rocksdb_readoptions_destroy(options) } }
        let slice = try unsafe Self.checked { error in
            unsafe key.withUnsafeBytes { bytes in
                unsafe rocksdb_get_pinned_cf(
                    self.database, options, self.handle(family), Self.characters(bytes), bytes.count, error
                )
            }
        }
        guard let slice = unsafe slice else { return nil }
        defer { unsafe rocksdb_pinnableslice_destroy(slice) }
        var count = 0
        let base = unsafe rocksdb_pinnableslice_value(slice, &count)
        return try unsafe read(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// A snapshot of the database; released with the last reference.
    ///
    /// Holds nothing but a pointer that RocksDB allows any thread to read through.
    @safe
    final class Snapshot: @unchecked Sendable {
        let pointer: OpaquePointer
        private let engine: Engine

        init(_ engine: Engine) {
            guard let pointer = unsafe rocksdb_create_snapshot(engine.database) else {
                preconditionFailure("RocksDB allocates or aborts")
            }
            unsafe self.pointer = pointer
            self.engine = engine
        }

        deinit {
            unsafe rocksdb_release_snapshot(self.engine.database, self.pointer)
        }
    }

    /// Calls `body` with the keys and values from `start` (inclusive) to `end` (exclusive), in order, until it returns
    /// false. The bytes belong to RocksDB and are valid until `body` returns.
    /// - Throws: `incomplete` when `tier` is `memory` and that is not enough; then what `body` was called with may be
    ///   wrong.
    func forEach(
        _ family: Family,
        from start: [UInt8],
        to end: [UInt8]?,
        reverse: Bool = false,
        tier: ReadTier,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(EngineFailure) -> Bool
    ) throws(EngineFailure) {
        guard tier == .memory else {
            return try unsafe self.iterate(family, start, end, reverse: reverse, tier: .disk, body)
        }
        guard let state = self.stateOfLoneTables(family) else { throw .incomplete }
        try unsafe self.iterate(family, start, end, reverse: reverse, tier: .memory, body)
        guard self.state(family) == state else { throw .incomplete }
    }

    private func iterate(
        _ family: Family, _ start: [UInt8], _ end: [UInt8]?, reverse: Bool, tier: ReadTier,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(EngineFailure) -> Bool
    ) throws(EngineFailure) {
        let options = unsafe Self.readOptions(tier)
        defer { unsafe rocksdb_readoptions_destroy(options) }
        // RocksDB keeps pointers to the bounds, so the copies must outlive the iterator.
        let bounds = Bounds(start: start, end: end)
        unsafe bounds.set(on: options)
        guard let iterator = unsafe rocksdb_create_iterator_cf(self.database, options, self.handle(family)) else {
            preconditionFailure("RocksDB allocates or aborts")
        }
        defer {
            unsafe rocksdb_iter_destroy(iterator)
            withExtendedLifetime(bounds) {}
        }
        if reverse { unsafe rocksdb_iter_seek_to_last(iterator) } else { unsafe bounds.seekToStart(iterator) }
        while unsafe rocksdb_iter_valid(iterator) != 0 {
            var (keyCount, valueCount) = (0, 0)
            let key = unsafe rocksdb_iter_key(iterator, &keyCount)
            let value = unsafe rocksdb_iter_value(iterator, &valueCount)
            let isWanted = try unsafe body(
                UnsafeRawBufferPointer(start: key, count: keyCount),
                UnsafeRawBufferPointer(start: value, count: valueCount)
            )
            guard isWanted else { return }
            if reverse { unsafe rocksdb_iter_prev(iterator) } else { unsafe rocksdb_iter_next(iterator) }
        }
        try unsafe Self.checked { error in unsafe rocksdb_iter_get_error(iterator, error) }
    }

    /// The two ends of an iteration, in memory that does not move.
    @safe
    private final class Bounds {
        private let start: UnsafeMutableRawBufferPointer
        private let end: UnsafeMutableRawBufferPointer?

        init(start: [UInt8], end: [UInt8]?) {
            unsafe self.start = Self.copy(start)
            unsafe self.end = end.map { unsafe Self.copy($0) }
        }

        deinit {
            unsafe self.start.deallocate()
            unsafe self.end?.deallocate()
        }

        func set(on options: OpaquePointer) {
            let start = unsafe UnsafeRawBufferPointer(self.start)
            unsafe rocksdb_readoptions_set_iterate_lower_bound(options, Engine.characters(start), start.count)
            guard let raw = unsafe self.end else { return }
            let end = UnsafeRawBufferPointer(raw)
            unsafe rocksdb_readoptions_set_iterate_upper_bound(options, Engine.characters(end), end.count)
        }

        func seekToStart(_ iterator: OpaquePointer) {
            let start = unsafe UnsafeRawBufferPointer(self.start)
            unsafe rocksdb_iter_seek(iterator, Engine.characters(start), start.count)
        }

        private static func copy(_ bytes: [UInt8]) -> UnsafeMutableRawBufferPointer {
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
            unsafe copy.copyBytes(from: bytes)
            return unsafe UnsafeMutableRawBufferPointer(rebasing: copy[..<bytes.count])
        }
    }
}
