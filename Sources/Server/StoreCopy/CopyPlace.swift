internal import KeyValue
internal import Primitives
internal import RocksDBStore

#if Postgres
internal import PostgresStore
#endif

/// A store that can be copied from and to, with versions and times.
protocol CopyableStore: OrderedStore {
    /// The change logs that have entries, in any order.
    func logIDs() async throws(StorageError) -> [LogID]
    func load(_ entries: [Page.Entry]) async throws(StorageError)
    func load(_ entries: [LogEntry], into log: LogID) async throws(StorageError)
    func finishLoading(version: CommitVersion, time: Timestamp) async throws(StorageError)
}

extension RocksDBStore: CopyableStore {}

#if Postgres
extension PostgresStore: CopyableStore {}
#endif

/// The location of the source or target of a copy. No server uses it while this object exists.
///
/// A copy is made beside its place and put there when it is whole: a copy that was interrupted is never taken for a
/// store, and the next one removes it.
protocol CopyPlace {
    /// The location for messages, without a password.
    var name: String { get }
    /// Checks that there is a store, for a source; that there is none, for a target, of which it removes what an
    /// interrupted copy left.
    func prepare() async throws(StartError)
    /// Opens the source, or the target while it is at its temporary location.
    func open() throws(StartError) -> any CopyableStore
    /// Moves the target to its final location.
    func publish() throws(StartError)
}

extension CopyPlace {
    func refuseTarget(_ emptied: String) -> StartError {
        StartError(
            .configuration,
            "\(self.name) has a store already, and a copy never overwrites one. Name another place, "
                + "or \(emptied) if you do not need what is in it")
    }
}

/// The role of a location in a copy.
enum CopyRole {
    case source
    case target
}

/// The store in a server's data directory.
struct DirectoryPlace: CopyPlace {
    let name: String
    let role: CopyRole
    private let store: String
    private var path: String { self.role == .target ? "\(self.store).copying" : self.store }

    init(_ path: String, _ role: CopyRole) {
        self.name = path
        self.role = role
        self.store = DataDirectory(path: path).store
    }

    func prepare() async throws(StartError) {
        guard self.role == .target else {
            return try self.checkSource()
        }
        var found: [String] = []
        try self.using { () throws(FileError) in
            found = try Files.names(in: self.store)
            try Files.createDirectory(self.name)
        }
        guard found.isEmpty else { throw self.refuseTarget("remove \(self.store)") }
        guard Files.isDirectory(self.path) else { return }
        do throws(StartError) {
            await (try self.open()).close()
        } catch {
            // A locked store belongs to another copy in progress. Anything else that is wrong with it is removed with
            // it.
            guard error.reason != .storeLocked else { throw error }
        }
        try self.using { () throws(FileError) in try Files.removeTree(self.path) }
    }

    private func checkSource() throws(StartError) {
        do throws(FileError) {
            _ = try Files.read("\(self.store)/format", from: 0, count: 1)
        } catch .absent {
            throw StartError(
                .noSource,
                "there is no store in \(self.name): name a server's data directory, or a database as "
                    + "postgres://user@host/database")
        } catch {
            throw self.unusable(error)
        }
    }

    func open() throws(StartError) -> any CopyableStore {
        try Assembly.embeddedStore(Configuration(), at: self.path)
    }

    func publish() throws(StartError) {
        try self.using { () throws(FileError) in try Files.rename(self.path, to: self.store) }
    }

    private func using(_ work: () throws(FileError) -> Void) throws(StartError) {
        do throws(FileError) {
            try work()
        } catch {
            throw self.unusable(error)
        }
    }

    private func unusable(_ error: FileError) -> StartError {
        StartError(.dataDirectory, "\(self.name) cannot be used: \(error.sentence)")
    }
}

#if Postgres
/// The store in a database.
struct DatabasePlace: CopyPlace {
    let name: String
    let role: CopyRole
    private let options: PostgresOptions
    private let use: ExclusiveUse
    private var copyingSchema: String { "\(self.options.schema)_copying" }

    init(_ address: String, _ role: CopyRole) throws(StartError) {
        self.name = StoreAddress.withoutPassword(address)
        self.role = role
        self.options = PostgresOptions(url: address)
        do throws(PostgresOpenError) {
            self.use = try ExclusiveUse(self.options)
        } catch {
            throw Assembly.startError(error, address)
        }
    }

    func prepare() async throws(StartError) {
        try self.using { () throws(PostgresOpenError) in
            if self.role == .target { try self.use.remove(schema: self.copyingSchema) }
        }
        var hasStore = false
        try self.using { () throws(PostgresOpenError) in hasStore = try self.use.hasStore() }
        guard hasStore != (self.role == .target) else {
            throw self.role == .target
                ? self.refuseTarget("DROP SCHEMA \(self.options.schema) CASCADE")
                : StartError(.noSource, "there is no store in \(self.name): name a database that a server used")
        }
    }

    func open() throws(StartError) -> any CopyableStore {
        var options = self.options
        options.isExclusive = true
        if self.role == .target { options.schema = self.copyingSchema }
        do throws(PostgresOpenError) {
            return try PostgresStore(options)
        } catch {
            throw Assembly.startError(error, options.url)
        }
    }

    func publish() throws(StartError) {
        try self.using { () throws(PostgresOpenError) in try self.use.take(schema: self.copyingSchema) }
    }

    private func using(_ work: () throws(PostgresOpenError) -> Void) throws(StartError) {
        do throws(PostgresOpenError) {
            try work()
        } catch {
            throw Assembly.startError(error, self.options.url)
        }
    }
}
#endif
