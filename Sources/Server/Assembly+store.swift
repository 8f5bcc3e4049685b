internal import Gateway
internal import KeyValue
internal import RocksDBStore

#if Postgres
internal import PostgresStore
#endif

extension Assembly {
    /// Opens the store that the configuration names: a database, or the store in the directory at `path`.
    static func store(_ configuration: Configuration, at path: String) throws(StartError) -> any OrderedStore {
        guard let address = configuration.store else { return try self.embeddedStore(configuration, at: path) }
        guard configuration.durability == .durable else {
            throw StartError(
                .configuration,
                "durability: relaxed applies only to the store in the data directory, not to PostgreSQL. Leave it out")
        }
        return try self.database(address)
    }

    static func embeddedStore(
        _ configuration: Configuration, at path: String
    ) throws(StartError) -> RocksDBStore {
        var options = StoreOptions()
        // `block-cache-mb` bounds all caches together: an eighth for records, a sixteenth for pages, the rest for
        // blocks.
        options.recordCacheBytes = configuration.blockCacheMegabytes << 17
        options.pageCacheBytes = configuration.blockCacheMegabytes << 16
        options.blockCacheBytes =
            configuration.blockCacheMegabytes << 20 - options.recordCacheBytes - options.pageCacheBytes
        options.durability = configuration.durability == .durable ? .durable : .processCrashOnly
        options.rounds = CommitRounds(current: EventLoopTick.currentLoop, afterCurrent: EventLoopTick.afterThis)
        do throws(StoreOpenError) {
            return try RocksDBStore(path: path, options: options)
        } catch {
            throw StartError(self.reason(error), "the store cannot be opened: \(error.description).")
        }
    }

    private static func reason(_ error: StoreOpenError) -> StartError.Reason {
        switch error {
        case .locked: .storeLocked
        case .unwritable, .noSpace: .dataDirectory
        case .newerFormat: .storeNewer
        case .corrupt: .storeDamaged
        }
    }

    #if Postgres
    static func database(_ address: String) throws(StartError) -> PostgresStore {
        do throws(PostgresOpenError) {
            return try PostgresStore(PostgresOptions(url: address))
        } catch {
            throw self.startError(error, address)
        }
    }

    static func startError(_ error: PostgresOpenError, _ address: String) -> StartError {
        let shown = StoreAddress.withoutPassword(address)
        return StartError(self.reason(error), "the store \(shown) cannot be opened: \(error.description).")
    }

    private static func reason(_ error: PostgresOpenError) -> StartError.Reason {
        switch error {
        case .url: .configuration
        case .unreachable: .storeUnreachable
        case .refused, .schema: .noPermission
        case .version: .configuration
        case .newerSchema: .storeNewer
        case .inUse, .isBeingCopied: .storeLocked
        }
    }
    #else
    static func database(_ address: String) throws(StartError) -> any OrderedStore {
        throw StartError(
            .configuration,
            "this build of brume does not support PostgreSQL: use the one that is not static, or leave `store` out")
    }
    #endif
}
