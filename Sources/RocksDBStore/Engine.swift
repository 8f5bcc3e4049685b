internal import CRocksDB
internal import Synchronization

/// An open RocksDB database behind Swift types: the only code that holds its handles.
///
/// Every call may come from any thread. The database is closed when the last reference is released, and its lock on the
/// directory is held until then.
@safe
final class Engine: @unchecked Sendable {
    let database: OpaquePointer
    private let handles: [OpaquePointer]
    /// Options for reads that never touch the disk; they fail with `incomplete` instead.
    let memoryReads: OpaquePointer
    let diskReads: OpaquePointer
    private let syncedWrites: OpaquePointer
    private let bufferedWrites: OpaquePointer
    /// In the order of `Family.allCases`.
    let tables = Mutex([Tables?](repeating: nil, count: Family.allCases.count))

    private static let readTierBlockCache: Int32 = 1

    /// Opens the database, creating it if it does not exist.
    ///
    /// A torn end of the log, as a crash leaves it, is cut off: nothing in it was acknowledged. RocksDB takes some torn
    /// ends for damage, so a log that it refuses is examined here before RocksDB is believed.
    ///
    /// With `isReadOnly` nothing is written: the log is read into memory, and every write fails.
    static func open(
        path: String, options: StoreOptions, isReadOnly: Bool = false
    ) throws(EngineFailure) -> Engine {
        do throws(EngineFailure) {
            return try Engine(path: path, options: options, recovery: .tornEndOnly, isReadOnly: isReadOnly)
        } catch {
            guard case .corrupt(let sentence) = error else { throw error }
            // If groups were not synced, a power cut may leave any hole, and everything before the hole is all that can
            // be recovered.
            if options.durability == .durable, let log = WALDamage.find(in: path) {
                throw .corrupt("the log \(log) does not check, and whole commits stand behind the damage: \(sentence)")
            }
            return try Engine(path: path, options: options, recovery: .upToDamage, isReadOnly: isReadOnly)
        }
    }

    private init(
        path: String, options: StoreOptions, recovery: EngineOptions.LogRecovery, isReadOnly: Bool
    ) throws(EngineFailure) {
        let settings = EngineOptions(options, recovery: recovery)
        let names = Family.allCases.map { Array($0.name.utf8CString) }
        var handles = unsafe [OpaquePointer?](repeating: nil, count: names.count)
        let database = try unsafe Self.checked { error in
            unsafe Self.withPointers(names) { (namePointers) -> OpaquePointer? in
                let count = Int32(names.count)
                let families = unsafe settings.families.map { unsafe Optional($0) }
                guard isReadOnly else {
                    return unsafe rocksdb_open_column_families(
                        settings.database, path, count, namePointers, families, &handles, error)
                }
                return unsafe rocksdb_open_for_read_only_column_families(
                    settings.database, path, count, namePointers, families, &handles, 0, error)
            }
        }
        guard let database = unsafe database, unsafe handles.allSatisfy({ unsafe $0 != nil }) else {
            throw .other("RocksDB opened nothing and said nothing")
        }
        unsafe self.database = database
        unsafe self.handles = handles.compactMap { unsafe $0 }
        unsafe self.memoryReads = Self.readOptions(.memory)
        unsafe self.diskReads = Self.readOptions(.disk)
        unsafe self.syncedWrites = rocksdb_writeoptions_create()
        unsafe rocksdb_writeoptions_set_sync(self.syncedWrites, 1)
        unsafe self.bufferedWrites = rocksdb_writeoptions_create()
    }

    deinit {
        unsafe rocksdb_readoptions_destroy(self.memoryReads)
        unsafe rocksdb_readoptions_destroy(self.diskReads)
        unsafe rocksdb_writeoptions_destroy(self.syncedWrites)
        unsafe rocksdb_writeoptions_destroy(self.bufferedWrites)
        for index in unsafe self.handles.indices { unsafe rocksdb_column_family_handle_destroy(self.handles[index]) }
        unsafe rocksdb_close(self.database)
    }

    func handle(_ family: Family) -> OpaquePointer {
        unsafe self.handles[family.rawValue]
    }

    /// Options for reads other than the two standing ones; the caller destroys them.
    static func readOptions(_ tier: ReadTier) -> OpaquePointer {
        guard let options = unsafe rocksdb_readoptions_create() else {
            preconditionFailure("RocksDB allocates or aborts")
        }
        unsafe rocksdb_readoptions_set_verify_checksums(options, 1)
        if tier == .memory { unsafe rocksdb_readoptions_set_read_tier(options, Self.readTierBlockCache) }
        return unsafe options
    }

    /// Writes one group. With `isSynced` it is on the disk when this returns, and is visible to reads only then.
    func write(_ group: GroupWriter, isSynced: Bool) throws(EngineFailure) {
        try unsafe Self.checked { error in
            unsafe rocksdb_write(
                self.database, isSynced ? self.syncedWrites : self.bufferedWrites, group.batch, error
            )
        }
    }

    /// Requests a compaction of a range that was emptied, so that its space is reclaimed soon.
    func suggestCompaction(_ family: Family, from start: [UInt8], to end: [UInt8]) throws(EngineFailure) {
        try unsafe Self.checked { error in
            unsafe start.withUnsafeBytes { startBytes in
                unsafe end.withUnsafeBytes { endBytes in
                    unsafe rocksdb_suggest_compact_range_cf(
                        self.database, self.handle(family), Self.characters(startBytes), startBytes.count,
                        Self.characters(endBytes), endBytes.count, error
                    )
                }
            }
        }
    }

    /// Flushes the memtables, so that the next start has no log to read.
    func flush() throws(EngineFailure) {
        let options = unsafe rocksdb_flushoptions_create()
        defer { unsafe rocksdb_flushoptions_destroy(options) }
        for family in Family.allCases {
            try unsafe Self.checked { error in
                unsafe rocksdb_flush_cf(self.database, options, self.handle(family), error)
            }
        }
    }

    /// Calls RocksDB, and converts its error string, if there is one, into a failure.
    static func checked<Value>(
        _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) throws(EngineFailure) -> Value {
        var sentence: UnsafeMutablePointer<CChar>?
        let value = unsafe call(&sentence)
        guard let sentence = unsafe sentence else { return value }
        defer { unsafe rocksdb_free(sentence) }
        throw EngineFailure(sentence: unsafe String(cString: sentence))
    }

    /// Bytes as C's `char *`. Only some of RocksDB's calls accept a null pointer with length 0, so it is never given
    /// one.
    static func characters(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<CChar> {
        guard let base = bytes.baseAddress else { return unsafe Self.noBytes }
        return unsafe base.assumingMemoryBound(to: CChar.self)
    }

    /// One address for all calls; safe from any thread, because it is never freed and never written.
    private nonisolated(unsafe) static let noBytes: UnsafePointer<CChar> = {
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        unsafe pointer.initialize(to: 0)
        return unsafe UnsafePointer(pointer)
    }()

    private static func withPointers<Value>(
        _ strings: [[CChar]], _ body: ([UnsafePointer<CChar>?]) -> Value
    ) -> Value {
        let copies = unsafe strings.map { string in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: string.count)
            unsafe copy.initialize(from: string, count: string.count)
            return unsafe copy
        }
        defer { for index in unsafe copies.indices { unsafe copies[index].deallocate() } }
        return unsafe body(copies.map { unsafe UnsafePointer($0) })
    }
}
