internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// The settings and the progress of a bulk operation.
///
/// The record is written in the commit that writes the items, so that a restart resumes after the last item that was
/// put, and no item is put twice.
struct BulkDescriptor: Sendable, Equatable {
    enum State: String, Sendable, Hashable {
        case inProgress = "IN_PROGRESS"
        case cancelling = "CANCELLING"
        case completed = "COMPLETED"
        case completedWithErrors = "COMPLETED_WITH_ERRORS"
        case cancelled = "CANCELLED"
        case failed = "FAILED"

        /// Whether the operation has not ended.
        var isUnderWay: Bool { self == .inProgress || self == .cancelling }
    }

    /// The source of the items.
    struct Input: Sendable, Equatable {
        var bucket: String
        var bucketOwner: String?
        var prefix: String?
        var isIon = false
        /// As the request gives it, if it does.
        var compression: String?

        /// The compression; nil for plain text.
        var form: ObjectCompression? {
            self.compression.flatMap(ObjectCompression.init(rawValue:)).flatMap { $0 == .no ? nil : $0 }
        }
    }

    /// The target of the reports.
    struct Output: Sendable, Equatable {
        var bucket: String
        var bucketOwner: String?
        var prefix: String?
        var encryption: String?
        var encryptionKey: String?
        /// The kinds of reports, in the request's words and order.
        var types: [String]
    }

    /// The object being read.
    struct Place: Sendable, Equatable {
        var key: String
        /// Bytes of its uncompressed text that are done.
        var offset: Int
        /// Records of it that are done.
        var recordCount: Int
    }

    var id: String
    var table: TableReference
    /// Distinguishes the table from another of the same name.
    var tableNumber: UInt64
    var tableID: String
    var start: Timestamp
    var end: Timestamp?
    var state = State.inProgress
    var clientToken: String?
    var input: Input
    var output: Output
    /// Write request units per second; nil without a limit.
    var unitsMax: Int?
    var tier: String?

    /// The table number for the operation's own records: `BulkKeys`.
    var copy: UInt64
    /// The last object listed.
    var lastListed = ""
    /// Whether all objects are listed.
    var isListed = false
    var objectCount = 0
    var totalBytes = 0
    /// The last object done.
    var lastKey = ""
    /// Bytes of the objects that are done, as stored.
    var doneBytes = 0
    /// Bytes read of the object being read.
    var placeBytes = 0
    var place: Place?

    var processedCount = 0
    var failedCount = 0
    var conditionFailureCount = 0
    var usage = BulkUsage()
    /// By `BulkReport`.
    var reports = BulkReports()
    var failureCode: String?
    var failureMessage: String?

    var tableARN: String {
        ARN(
            service: "dynamodb", region: self.table.region, account: self.table.account,
            resource: "table/\(self.table.name)"
        ).description
    }

    var arn: String { "\(self.tableARN)/\(BackupKeys.Kind.bulk.resource)/\(self.id)" }

    var key: [UInt8] { BackupKeys.record(.bulk, id: self.id, self.table) }

    /// The key of an output object.
    func objectKey(_ name: String) -> String {
        var root = "AWSDynamoDB"
        if let prefix = self.output.prefix, !prefix.isEmpty {
            root = prefix.hasSuffix("/") ? "\(prefix)AWSDynamoDB" : "\(prefix)/AWSDynamoDB"
        }
        return "\(root)/\(self.id)/\(name)"
    }

    func reports(_ report: BulkReport) -> Bool { self.output.types.contains(report.rawValue) }
}

/// The reports on items that were not put.
enum BulkReport: String, Sendable, Hashable, CaseIterable {
    case error = "ERROR"
    case conditionCheckFailure = "CONDITION_CHECK_FAILURE"

    /// The folder of its files.
    var folder: String { self == .error ? "error" : "condition-check-failure" }
}

/// The progress of the reports: entries are numbered, wait in the store, and are written to files in order.
struct BulkReports: Sendable, Equatable {
    struct Progress: Sendable, Equatable {
        /// The number of the next entry.
        var next = 0
        /// The number of the first entry that is not in a file yet.
        var waiting = 0
        /// Approximate bytes of the waiting entries.
        var waitingBytes = 0
        var fileCount = 0
    }

    var error = Progress()
    var conditionCheckFailure = Progress()

    subscript(report: BulkReport) -> Progress {
        get { report == .error ? self.error : self.conditionCheckFailure }
        set { if report == .error { self.error = newValue } else { self.conditionCheckFailure = newValue } }
    }
}

/// Bytes put, as items are charged.
struct BulkUsage: Sendable, Equatable {
    var table = 0
    var local: [String: Int] = [:]
    var global: [String: Int] = [:]
    var vector: [String: Int] = [:]

    /// Without those of vector indexes.
    var bytes: Int { self.table + self.local.values.reduce(0, +) + self.global.values.reduce(0, +) }

    static func + (left: BulkUsage, right: BulkUsage) -> BulkUsage {
        var sum = left
        sum.table += right.table
        sum.local.merge(right.local, uniquingKeysWith: +)
        sum.global.merge(right.global, uniquingKeysWith: +)
        sum.vector.merge(right.vector, uniquingKeysWith: +)
        return sum
    }
}

/// The keys of a bulk operation's own records, under a table number of its own; all are deleted when it ends.
///
///     copy (8) · 3 (2) · key of an object                      → its size in bytes (8)
///     copy (8) · 4 (2) · number of an entry (8) · part (1)     → an entry for the report of errors
///     copy (8) · 5 (2) · number of an entry (8) · part (1)     → an entry for the report of conditions
///     copy (8) · 6 (2) · report (1) · number of a file (8)     → its line of the manifest
///
/// The parts of an entry: 0 the message and its context, 1 the item to put, 2 the existing item.
enum BulkKeys {
    static func objects(_ copy: UInt64) -> KeyRange { KeyRange(prefix: KeySpace(table: copy, index: 3).prefix) }

    static func object(_ copy: UInt64, _ key: String) -> [UInt8] { self.objects(copy).start + Array(key.utf8) }

    /// The entries of a report.
    static func entries(_ copy: UInt64, _ report: BulkReport) -> KeyRange {
        KeyRange(prefix: KeySpace(table: copy, index: report == .error ? 4 : 5).prefix)
    }

    static func entry(_ copy: UInt64, _ report: BulkReport, _ number: Int, part: UInt8) -> [UInt8] {
        var key = self.entries(copy, report).start
        BigEndian.append(UInt64(clamping: number), to: &key)
        return key + [part]
    }

    /// The lines of the manifest: errors first.
    static func files(_ copy: UInt64) -> KeyRange { KeyRange(prefix: KeySpace(table: copy, index: 6).prefix) }

    static func file(_ copy: UInt64, _ report: BulkReport, _ number: Int) -> [UInt8] {
        var key = self.files(copy).start + [report == .error ? 0 : 1]
        BigEndian.append(UInt64(clamping: number), to: &key)
        return key
    }
}
