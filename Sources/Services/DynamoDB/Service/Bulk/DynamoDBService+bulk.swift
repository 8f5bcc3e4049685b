internal import DynamoDBModel
internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel

/// A bulk operation's record, with its version.
struct StoredBulk: Sendable {
    var own: BulkDescriptor
    var version: CommitVersion

    var check: Check { .unchanged(self.own.key, since: self.version) }
}

/// Bulk operations: looking up, and doing them step by step.
extension DynamoDBService {
    /// "Each operation supports up to 50,000 S3 objects, and each object can be up to 5 GB."
    static let bulkObjectCountMax = 50_000
    static let bulkObjectBytesMax = 5 << 30
    /// Objects listed at once.
    private static let listedCountMax = 1000

    /// The bulk operation with this ARN.
    func bulk(
        _ arn: String, _ context: RequestContext, _ mode: ReadMode = .forAnswer
    ) async throws(ServiceError) -> StoredBulk {
        guard let reference = try CopyReference(arn, .bulk, context),
            let found = try await self.bulk(at: reference.key, mode)
        else { throw DynamoDBError.resourceNotFound(message: "Bulk operation not found: \(arn)") }
        return found
    }

    func bulk(at key: [UInt8], _ mode: ReadMode = .forAnswer) async throws(ServiceError) -> StoredBulk? {
        let read = try await storing { () throws(StorageError) in try await self.store.get([key], mode) }
        guard let record = read[0] else { return nil }
        guard let own = BulkDescriptor.decode(record.value) else { throw ServiceError(.corrupt("bulk operation")) }
        return StoredBulk(own: own, version: record.version)
    }

    /// One step of a bulk operation: lists some objects, reads an object, or writes a file of a report.
    /// - Returns: whether the operation has ended.
    func bulkStep(_ key: [UInt8]) async throws(ServiceError) -> Bool {
        guard let found = try await self.bulk(at: key), found.own.state.isUnderWay else { return true }
        CrashPoint.reach("dynamodb.bulk.step")
        do throws(ServiceError) {
            if found.own.state == .cancelling { return try await self.endBulk(found) }
            if !found.own.isListed { return try await self.listObjects(found) }
            guard let object = try await self.nextObject(of: found.own) else { return try await self.endBulk(found) }
            try await self.load(object, found)
            return false
        } catch  where error.code == ObjectFailure.code {
            return try await self.failBulk(key, "S3InternalError", error.message)
        } catch  where error.code == "ResourceNotFoundException" {
            return try await self.failBulk(key, error.code, error.message)
        }
    }

    /// Commits a changed record, together with other writes.
    /// - Returns: nil when the record was changed concurrently.
    func commit(
        _ own: BulkDescriptor, _ found: StoredBulk, _ writes: [Write] = []
    ) async throws(ServiceError) -> StoredBulk? {
        let batch = Batch(checks: [found.check], writes: writes + [.set(own.key, own.encoded)])
        do throws(StorageError) {
            return StoredBulk(own: own, version: try await self.store.commit(batch).version)
        } catch .checkFailed, .conflict {
            return nil
        } catch {
            throw ServiceError(error)
        }
    }

    // Objects

    /// A listed object.
    struct BulkObject: Sendable {
        let location: ObjectLocation
        let bytes: Int
    }

    /// Stores the keys and sizes of the next objects of the listing.
    /// - Returns: whether the operation has ended.
    private func listObjects(_ found: StoredBulk) async throws(ServiceError) -> Bool {
        var own = found.own
        let (bucket, prefix, last) = (own.input.bucket, own.input.prefix ?? "", own.lastListed)
        if last.isEmpty {
            for needed in [bucket, own.output.bucket] {
                guard try await self.hasBucket(needed) else {
                    return try await self.failBulk(own.key, ObjectFailure.noBucket.code, ObjectFailure.noBucket.message)
                }
            }
        }
        let keys = try await transferring { () throws(ObjectError) in
            try await self.objects.list(bucket: bucket, prefix: prefix, startAfter: last, limit: Self.listedCountMax)
        }
        var writes: [Write] = []
        for key in keys {
            guard let location = ObjectLocation(bucket: bucket, key: key) else { continue }
            let bytes = try await transferring { () throws(ObjectError) in try await self.objects.size(of: location) }
            own.objectCount += 1
            own.totalBytes += bytes
            var value: [UInt8] = []
            BigEndian.append(UInt64(clamping: bytes), to: &value)
            writes.append(.set(BulkKeys.object(own.copy, key), value))
        }
        guard own.objectCount <= Self.bulkObjectCountMax else {
            let message = "There are more than \(Self.bulkObjectCountMax) objects to read."
            return try await self.failBulk(own.key, "S3ObjectCountExceeded", message)
        }
        own.lastListed = keys.last ?? last
        own.isListed = keys.count < Self.listedCountMax
        _ = try await self.commit(own, found, writes)
        return false
    }

    /// The object being read, or the next one; nil when all are done.
    private func nextObject(of own: BulkDescriptor) async throws(ServiceError) -> BulkObject? {
        let all = BulkKeys.objects(own.copy)
        var range = all
        if let place = own.place {
            range = KeyRange(start: BulkKeys.object(own.copy, place.key), end: all.end)
        } else if !own.lastKey.isEmpty {
            range = KeyRange(start: BulkKeys.object(own.copy, own.lastKey) + [0], end: all.end)
        }
        let rest = range
        let page = try await storing { () throws(StorageError) in
            try await self.store.scan(rest, limit: 1, byteLimit: TableCatalog.sliceBytesMax, reverse: false)
        }
        guard let entry = page.entries.first else { return nil }
        let key = String(decoding: entry.key[all.start.count...], as: UTF8.self)
        guard let bytes = BigEndian.read(UInt64.self, from: entry.record.value),
            let location = ObjectLocation(bucket: own.input.bucket, key: key)
        else { throw ServiceError(.corrupt("object of a bulk operation")) }
        return BulkObject(location: location, bytes: Int(clamping: bytes))
    }
}
