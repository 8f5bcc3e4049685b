internal import DynamoDBStreamsModel
internal import KeyValue
internal import Primitives
internal import ServiceModel
internal import Synchronization

/// Looks up streams, and positions in their logs.
final class StreamLog: Sendable {
    /// Records and end marks that a listing reads at once.
    private static let sliceCountMax = 100
    private static let sliceBytesMax = 1 << 20

    let store: any OrderedStore
    /// All commits with an earlier time are readable; later commits have this time or a later one.
    private let settled = Mutex(Timestamp(millisecondsSinceEpoch: 0))

    init(store: any OrderedStore) {
        self.store = store
    }

    // Time

    /// The time that a commit would get now: never earlier than that of any previous commit.
    func now() async throws(ServiceError) -> Timestamp {
        do throws(StorageError) {
            return try await self.store.commit(Batch()).time
        } catch {
            throw ServiceError(error)
        }
    }

    /// Whether all commits with an earlier time are readable, and no more will occur.
    ///
    /// The clock alone cannot tell: a commit may be in progress, and clocks are set back. A commit can.
    func isSettled(_ time: Timestamp) async throws(ServiceError) -> Bool {
        if self.settled.withLock({ $0 >= time }) { return true }
        guard try await self.now() >= time else { return false }
        do throws(StorageError) {
            let receipt = try await self.store.commit(Batch(writes: [.set(CatalogKeys.streamClock, [])]))
            self.settled.withLock { $0 = max($0, receipt.time) }
            return receipt.time >= time
        } catch {
            throw ServiceError(error)
        }
    }

    // Streams

    /// - Throws: `ResourceNotFoundException` also for a stream that ended more than a day ago.
    func stream(_ name: StreamNotes.Name, at now: Timestamp) async throws(ServiceError) -> StoredStream {
        let read = try await self.get([StreamNotes.key(name), StreamNotes.endKey(name)])
        guard let note = read[0] else { throw .streamNotFound(name) }
        guard let stream = StoredStream(name, note: note, end: read[1]) else {
            throw ServiceError(.corrupt("note of a stream"))
        }
        guard !stream.isGone(at: now) else { throw .streamNotFound(name) }
        return stream
    }

    /// Names of streams in the order of tables and labels, after `after`.
    func names(
        _ range: KeyRange, after: StreamNotes.Name?, limit: Int, at now: Timestamp
    ) async throws(ServiceError) -> (names: [StreamNotes.Name], hasMore: Bool) {
        var range = range
        if let after { range = KeyRange(start: StreamNotes.after(after), end: range.end) }
        var names: [StreamNotes.Name] = []
        while !range.isEmpty {
            let page = try await self.scan(range)
            for entry in page.entries {
                guard let (name, isEnd) = StreamNotes.parse(entry.key) else { continue }
                if !isEnd {
                    // The end mark, which may show that the stream is trimmed, would come next.
                    if names.count > limit { break }
                    names.append(name)
                } else if entry.record.time < now.streamHorizon, names.last == name {
                    names.removeLast()
                }
            }
            guard names.count <= limit, let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
        }
        return (Array(names.prefix(limit)), names.count > limit)
    }

    // Positions

    /// The last position in a log before all entries of this time or later.
    ///
    /// `since` is a commit before these entries.
    /// - Complexity: O(log versions) reads of one entry.
    func place(
        before time: Timestamp, _ log: LogID, since: CommitVersion
    ) async throws(ServiceError) -> LogPosition {
        let last = time.advanced(byMilliseconds: -1)
        do throws(StorageError) {
            return max(.end(of: since), try await ChangeLogSearch.position(log, before: last, in: self.store))
        } catch {
            throw ServiceError(error)
        }
    }

    /// The newest commit up to which a log is complete.
    func latest(_ log: LogID) async throws(ServiceError) -> CommitVersion {
        try await self.entries(log, after: .end(of: CommitVersion(.max)), limit: 1).watermark
    }

    func entries(
        _ log: LogID, after position: LogPosition, limit: Int, byteLimit: Int = 1
    ) async throws(ServiceError) -> LogPage {
        do throws(StorageError) {
            return try await self.store.readLog(log, after: position, limit: limit, byteLimit: byteLimit)
        } catch {
            throw ServiceError(error)
        }
    }

    // The store

    private func get(_ keys: [[UInt8]]) async throws(ServiceError) -> ReadResult {
        do throws(StorageError) {
            if let cached = try self.store.getCached(keys, .forAnswer) { return cached }
            return try await self.store.getFromDisk(keys, .forAnswer)
        } catch {
            throw ServiceError(error)
        }
    }

    private func scan(_ range: KeyRange) async throws(ServiceError) -> Page {
        do throws(StorageError) {
            return try await self.store.scan(
                range, limit: Self.sliceCountMax, byteLimit: Self.sliceBytesMax, reverse: false)
        } catch {
            throw ServiceError(error)
        }
    }
}

extension ServiceError {
    static func streamNotFound(_ name: StreamNotes.Name) -> ServiceError {
        DynamoDBStreamsError.resourceNotFound(
            message: "Requested resource not found: Stream: \(name.arn) not found")
    }

    static var shardNotFound: ServiceError {
        DynamoDBStreamsError.resourceNotFound(message: "Requested resource not found: Shard does not exist")
    }

    static var trimmed: ServiceError {
        DynamoDBStreamsError.trimmedDataAccess(message: "The data you are trying to access has been trimmed.")
    }
}
