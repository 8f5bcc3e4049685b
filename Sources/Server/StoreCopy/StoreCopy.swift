internal import KeyValue
internal import Primitives
internal import ServiceKit

/// Copies a store that nobody uses to where there is none, with all versions and times, and reads the copy again before
/// it puts it in its place.
package enum StoreCopy {
    /// The progress of a copy.
    package struct Progress: Sendable, Equatable {
        /// Whether the copy is being read again for comparison.
        package var isVerifying = false
        package var records = 0
        package var logEntries = 0
        package var bytes = 0
    }

    /// What was equal on both sides.
    package struct Report: Sendable, Equatable {
        package let records: Int
        package let logEntries: Int
        package let bytes: Int
        /// SHA-256 of all of it, in hexadecimal.
        package let digest: String
    }

    /// Limits of one page: entries, and bytes.
    private static let pageCountMax = 2000
    private static let pageBytesMax = 4 << 20

    /// `source` and `target` are the address of a database or the path of a server's data directory each; `show` is
    /// called after each page.
    package static func run(
        from source: String, to target: String, show: (Progress) -> Void
    ) async throws(StartError) -> Report {
        let home = ProcessEnvironment.variables["HOME"]
        let (source, target) = (
            ConfigurationLoader.expanded(source, home), ConfigurationLoader.expanded(target, home)
        )
        // Otherwise the error would advise to remove the target, which is the source.
        guard !self.areOne(source, target) else {
            throw StartError(
                .usage,
                "--from and --to are one place, \(StoreAddress.withoutPassword(source)): name another "
                    + "one with --to")
        }
        let from = try self.place(source, .source)
        try await from.prepare()
        let to = try self.place(target, .target)
        let written = try await self.opened(from) { (source) throws(StartError) in
            try await to.prepare()
            return try await self.opened(to) { (target) throws(StartError) in
                try await self.copy(source, from.name, target, to.name, show)
            }
        }
        let found = try await self.opened(to) { (store) throws(StartError) in
            try await self.pass(store, to.name) { progress in
                var progress = progress
                progress.isVerifying = true
                show(progress)
            }
        }
        guard found == written else {
            throw StartError(
                .storeDamaged,
                "the copy in \(to.name) differs from what was read: it has \(found.progress.records) of "
                    + "\(written.progress.records) records, or others. It was not put in place")
        }
        try to.publish()
        return Report(
            records: found.progress.records, logEntries: found.progress.logEntries, bytes: found.progress.bytes,
            digest: found.hexDigest)
    }

    private static func areOne(_ source: String, _ target: String) -> Bool {
        if source == target { return true }
        guard let one = Files.facts(source), let other = Files.facts(target) else { return false }
        return one.device == other.device && one.inode == other.inode
    }

    private static func copy(
        _ source: any CopyableStore, _ sourceName: String, _ target: any CopyableStore, _ targetName: String,
        _ show: (Progress) -> Void
    ) async throws(StartError) -> CopyPass {
        // Without writes it only says which commit was the last.
        let last = try await self.using(sourceName) { () throws(StorageError) in try await source.commit(Batch()) }
        let pass = try await self.pass(source, sourceName, show) { (entries) throws(StartError) in
            try await self.using(targetName) { () throws(StorageError) in try await target.load(entries) }
        } log: { (log, entries) throws(StartError) in
            try await self.using(targetName) { () throws(StorageError) in try await target.load(entries, into: log) }
        }
        try await self.using(targetName) { () throws(StorageError) in
            try await target.finishLoading(version: last.version, time: last.time)
        }
        return pass
    }

    private static func pass(
        _ store: any CopyableStore, _ name: String, _ show: (Progress) -> Void,
        items: ([Page.Entry]) async throws(StartError) -> Void = { _ in },
        log: (LogID, [LogEntry]) async throws(StartError) -> Void = { _, _ in }
    ) async throws(StartError) -> CopyPass {
        var pass = CopyPass()
        var range = KeyRange.all
        while !range.isEmpty {
            let page = try await self.using(name) { () throws(StorageError) in
                try await store.scan(range, limit: self.pageCountMax, byteLimit: self.pageBytesMax, reverse: false)
            }
            for entry in page.entries { pass.note(entry) }
            try await items(Array(page.entries))
            show(pass.progress)
            guard let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
        }
        let ids = try await self.using(name) { () throws(StorageError) in try await store.logIDs() }
        for id in ids.sorted(by: { $0.rawValue < $1.rawValue }) {
            var last: LogPosition?
            var hasMore = true
            while hasMore {
                let page = try await self.using(name) { () throws(StorageError) in
                    try await store.readLog(id, after: last, limit: self.pageCountMax, byteLimit: self.pageBytesMax)
                }
                for entry in page.entries { pass.note(entry, of: id) }
                try await log(id, page.entries)
                show(pass.progress)
                last = page.entries.last?.position
                hasMore = page.hasMore
            }
        }
        pass.finish()
        return pass
    }

    /// Opens the store, runs the work and closes the store in any case.
    private static func opened<Value>(
        _ place: any CopyPlace, _ work: (any CopyableStore) async throws(StartError) -> Value
    ) async throws(StartError) -> Value {
        let store = try place.open()
        do throws(StartError) {
            let value = try await work(store)
            await store.close()
            return value
        } catch {
            await store.close()
            throw error
        }
    }

    private static func using<Value>(
        _ name: String, _ work: () async throws(StorageError) -> Value
    ) async throws(StartError) -> Value {
        do throws(StorageError) {
            return try await work()
        } catch {
            throw self.startError(error, name)
        }
    }

    private static func startError(_ error: StorageError, _ name: String) -> StartError {
        switch error {
        case .corrupt(let reason): StartError(.storeDamaged, "\(name) is damaged: \(reason)")
        case .unavailable(let reason): StartError(.storeUnreachable, "\(name): \(reason)")
        case .tooLarge(let bytes, let limit):
            StartError(
                .configuration, "a key of \(bytes) bytes does not fit into \(name), which allows \(limit)")
        default: StartError(.other, "\(name): \(error)")
        }
    }

    private static func place(_ name: String, _ role: CopyRole) throws(StartError) -> any CopyPlace {
        guard StoreAddress.isDatabase(name) else { return DirectoryPlace(name, role) }
        #if Postgres
        return try DatabasePlace(name, role)
        #else
        _ = try Assembly.database(name)
        throw StartError(.configuration, "this build of brume does not support PostgreSQL")
        #endif
    }
}
