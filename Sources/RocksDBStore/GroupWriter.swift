internal import CRocksDB
internal import KeyValue
internal import Primitives

/// Collects one group of commits in a RocksDB WriteBatch. Used on the committer's thread only.
@safe
final class GroupWriter {
    private(set) var batch: OpaquePointer
    private var record: [UInt8] = []

    /// A batch that has grown beyond this is released after its group instead of being reused.
    private static let keptBytesMax = 16 << 20
    /// The same limit for the buffer of one record.
    private static let keptRecordBytesMax = 1 << 20

    init() {
        unsafe self.batch = rocksdb_writebatch_create()
    }

    deinit {
        unsafe rocksdb_writebatch_destroy(self.batch)
    }

    func clear() {
        var bytes = 0
        _ = unsafe rocksdb_writebatch_data(self.batch, &bytes)
        if bytes > Self.keptBytesMax {
            unsafe rocksdb_writebatch_destroy(self.batch)
            unsafe self.batch = rocksdb_writebatch_create()
        } else {
            unsafe rocksdb_writebatch_clear(self.batch)
        }
    }

    /// Adds a record. Header and value are joined in a reused buffer, which is cheaper than the arrays of pieces that
    /// RocksDB would accept.
    func set(
        _ key: [UInt8], _ value: [UInt8], version: UInt64, time: Timestamp, stamp: ReplicationStamp?,
        on engine: Engine
    ) {
        RecordCodec.writeHeader(version: version, time: time, stamp: stamp, to: &self.record)
        self.record.append(contentsOf: value)
        self.put(.items, key, self.record, on: engine)
        if self.record.count > Self.keptRecordBytesMax { self.record = [] }
    }

    func put(_ family: Family, _ key: [UInt8], _ value: [UInt8], on engine: Engine) {
        unsafe key.withUnsafeBytes { keyBytes in
            unsafe value.withUnsafeBytes { valueBytes in
                unsafe rocksdb_writebatch_put_cf(
                    self.batch, engine.handle(family), Engine.characters(keyBytes), keyBytes.count,
                    Engine.characters(valueBytes), valueBytes.count
                )
            }
        }
    }

    func delete(_ family: Family, _ key: [UInt8], on engine: Engine) {
        unsafe key.withUnsafeBytes { keyBytes in
            unsafe rocksdb_writebatch_delete_cf(
                self.batch, engine.handle(family), Engine.characters(keyBytes), keyBytes.count
            )
        }
    }
}
