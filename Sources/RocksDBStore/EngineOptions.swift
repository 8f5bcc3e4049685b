internal import CRocksDB

/// RocksDB's settings, each with its reason.
@safe
final class EngineOptions {
    let database: OpaquePointer
    /// In the order of `Family.allCases`.
    let families: [OpaquePointer]

    private enum Compression {
        static let none: Int32 = 0
        static let lz4: Int32 = 4
        static let zstd: Int32 = 7
    }

    private static let infoLogLevelFatal: Int32 = 4
    /// What RocksDB does with a write-ahead log that is damaged.
    enum LogRecovery: Int32 {
        /// A torn record at the end is cut off; other damage is an error.
        case tornEndOnly = 0
        /// Everything from the damage on is cut off.
        case upToDamage = 2
    }

    private static let cacheShardBits: Int32 = 2
    private static let checksumXXH3: CChar = 4
    private static let indexOfTwoLevels: Int32 = 2
    private static let dataBlockIndexWithHash: Int32 = 1

    init(_ options: StoreOptions, recovery: LogRecovery) {
        unsafe self.database = rocksdb_options_create()
        unsafe Self.setDatabase(self.database, options)
        unsafe rocksdb_options_set_wal_recovery_mode(self.database, recovery.rawValue)
        let cache = unsafe Self.makeCache(options)
        unsafe self.families = Family.allCases.map { family in
            let made = unsafe rocksdb_options_create()
            guard let made = unsafe made else { preconditionFailure("RocksDB allocates or aborts") }
            unsafe Self.setFamily(made, family, options, cache: cache)
            return unsafe made
        }
        unsafe rocksdb_cache_destroy(cache)
    }

    deinit {
        for index in unsafe self.families.indices { unsafe rocksdb_options_destroy(self.families[index]) }
        unsafe rocksdb_options_destroy(self.database)
    }

    /// Few shards, each much larger than the largest block: a block that is larger than its shard is never cached, and
    /// every read of it goes to the disk. RocksDB's default would be 64 shards. Contention is low: only a few loops
    /// read at once.
    private static func makeCache(_ options: StoreOptions) -> OpaquePointer? {
        let cacheOptions = unsafe rocksdb_lru_cache_options_create()
        defer { unsafe rocksdb_lru_cache_options_destroy(cacheOptions) }
        unsafe rocksdb_lru_cache_options_set_capacity(cacheOptions, options.blockCacheBytes)
        unsafe rocksdb_lru_cache_options_set_num_shard_bits(cacheOptions, Self.cacheShardBits)
        return unsafe rocksdb_cache_create_lru_opts(cacheOptions)
    }

    private static func setDatabase(_ database: OpaquePointer, _ options: StoreOptions) {
        unsafe rocksdb_options_set_create_if_missing(database, 1)
        unsafe rocksdb_options_set_create_missing_column_families(database, 1)
        // Also verifies that flushes and compactions read what was written.
        unsafe rocksdb_options_set_paranoid_checks(database, 1)
        // Debian's library is built with assertions, and aborts when its info log meets a full disk: only fatal
        // messages are logged, and one file is kept.
        unsafe rocksdb_options_set_info_log_level(database, Self.infoLogLevelFatal)
        unsafe rocksdb_options_set_keep_log_file_num(database, 1)
        unsafe rocksdb_options_set_max_total_wal_size(database, options.logBytesMax)
        // Flushes and compactions share two threads, because this machine also serves requests.
        unsafe rocksdb_options_set_max_background_jobs(database, 2)
        // Tables are written back continuously, not all at once at their fsync, which would stall the log's fsync on
        // the same disk.
        unsafe rocksdb_options_set_bytes_per_sync(database, 1 << 20)
        // Bounds file descriptors. 512 tables of 64 MiB are 32 GiB, up to which no table is opened twice.
        unsafe rocksdb_options_set_max_open_files(database, 512)
        // Only one thread writes, so support for concurrent memtable writes is pure cost.
        unsafe rocksdb_options_set_allow_concurrent_memtable_write(database, 0)
        unsafe rocksdb_options_set_enable_write_thread_adaptive_yield(database, 0)
        // An idle store does no work, and opening does not read the statistics of every table.
        unsafe rocksdb_options_set_stats_dump_period_sec(database, 0)
        unsafe rocksdb_options_set_stats_persist_period_sec(database, 0)
        unsafe rocksdb_options_set_skip_stats_update_on_db_open(database, 1)
    }

    private static func setFamily(
        _ target: OpaquePointer, _ family: Family, _ options: StoreOptions, cache: OpaquePointer?
    ) {
        let table = unsafe rocksdb_block_based_options_create()
        unsafe rocksdb_block_based_options_set_block_cache(table, cache)
        // Indexes and filters count towards the cache's limit; those of the newest tables stay cached.
        unsafe rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1)
        unsafe rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(table, 1)
        unsafe rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1)
        // Partitioned, with a small top-level index that stays cached: the whole index of a table with a million small
        // items is a megabyte, which a first read would have to fetch, evicting as much of everything else. Partitions
        // of 32 KiB: with smaller ones nearly every first read would have to fetch one of its own.
        unsafe rocksdb_block_based_options_set_index_type(table, Self.indexOfTwoLevels)
        unsafe rocksdb_block_based_options_set_partition_filters(table, 1)
        unsafe rocksdb_block_based_options_set_metadata_block_size(table, 32 << 10)
        unsafe rocksdb_block_based_options_set_pin_top_level_index_and_filter(table, 1)
        // 8 KiB: a point read of a 1 KB item decompresses little, and LZ4 still finds repetitions.
        unsafe rocksdb_block_based_options_set_block_size(table, 8 << 10)
        unsafe rocksdb_block_based_options_set_format_version(table, 5)
        unsafe rocksdb_block_based_options_set_checksum(table, Self.checksumXXH3)
        unsafe rocksdb_options_set_write_buffer_size(target, Self.writeBufferBytes(family, options))
        unsafe rocksdb_options_set_level_compaction_dynamic_level_bytes(target, 1)
        unsafe rocksdb_options_set_compression(target, Compression.lz4)
        switch family {
        case .items:
            // 10 bits a key: only 1 % of lookups of absent keys read a block. "Does not exist" is a common condition.
            unsafe rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10))
            // A hash index inside each block, so that point reads skip the binary search.
            unsafe rocksdb_block_based_options_set_data_block_index_type(table, Self.dataBlockIndexWithHash)
            unsafe rocksdb_block_based_options_set_data_block_hash_ratio(table, 0.75)
            // Nine tenths of the data are in the last level and are rarely rewritten: stronger compression pays off
            // there.
            unsafe rocksdb_options_set_bottommost_compression(target, Compression.zstd)
            unsafe rocksdb_options_set_max_write_buffer_number(target, 3)
        case .log:
            unsafe rocksdb_options_set_bottommost_compression(target, Compression.zstd)
        case .tokens:
            unsafe rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10))
        case .meta:
            unsafe rocksdb_options_set_compression(target, Compression.none)
        }
        unsafe rocksdb_options_set_block_based_table_factory(target, table)
        unsafe rocksdb_block_based_options_destroy(table)
    }

    private static func writeBufferBytes(_ family: Family, _ options: StoreOptions) -> Int {
        switch family {
        case .items: options.writeBufferBytes
        case .log: options.writeBufferBytes / 2
        case .tokens: options.writeBufferBytes / 8
        case .meta: 1 << 20
        }
    }
}
