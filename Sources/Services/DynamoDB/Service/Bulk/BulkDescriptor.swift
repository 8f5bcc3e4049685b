internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// All that is known of a bulk operation, and how far it has come.
///
/// The record is written in the commit that writes the items, so that a start after a stop goes on behind the last
/// item that was put, and no item is put twice.
struct BulkDescriptor: Sendable, Hashable {
    enum State: String, Sendable, Hashable {
        case inProgress = "IN_PROGRESS"
        case cancelling = "CANCELLING"
        case completed = "COMPLETED"
        case completedWithErrors = "COMPLETED_WITH_ERRORS"
        case cancelled = "CANCELLED"
        case failed = "FAILED"

        /// Whether there is work to be done.
        var isUnderWay: Bool { self == .inProgress || self == .cancelling }
    }

    /// Where the items come from.
    struct Input: Sendable, Hashable {
        var bucket: String
        var bucketOwner: String?
        var prefix: String?
        var isIon = false
        /// In the request's word, where it said so.
        var compression: String?

        /// How the text is had; nil for what is text already.
        var form: ObjectCompression? {
            self.compression.flatMap(ObjectCompression.init(rawValue:)).flatMap { $0 == .no ? nil : $0 }
        }
    }

    /// Where the reports go.
    struct Output: Sendable, Hashable {
        var bucket: String
        var bucketOwner: String?
        var prefix: String?
        var encryption: String?
        var encryptionKey: String?
        /// What is reported, in the request's words and order.
        var types: [String]
    }

    /// The object that is being read.
    struct Place: Sendable, Hashable {
        var key: String
        /// Bytes of its text, before compression, that are done.
        var offset: Int
        /// Records of it that are done.
        var recordCount: Int
    }

    var id: String
    var table: TableReference
    /// What tells the table from another of its name.
    var tableNumber: UInt64
    var tableID: String
    var start: Timestamp
    var end: Timestamp?
    var state = State.inProgress
    var clientToken: String?
    var input: Input
    var output: Output
    /// Write request units a second; nil without a limit.
    var unitsMax: Int?
    var tier: String?

    /// The table number for what the operation needs itself: `BulkKeys`.
    var copy: UInt64
    /// The object that was listed last.
    var lastListed = ""
    /// Whether the objects are all listed.
    var isListed = false
    var objectCount = 0
    var totalBytes = 0
    /// The object that was done last.
    var lastKey = ""
    /// Bytes of the objects that are done, as they lie there.
    var doneBytes = 0
    /// Bytes that were read of the object that is being read.
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

    /// The key of an object of the output.
    func objectKey(_ name: String) -> String {
        var root = "AWSDynamoDB"
        if let prefix = self.output.prefix, !prefix.isEmpty {
            root = prefix.hasSuffix("/") ? "\(prefix)AWSDynamoDB" : "\(prefix)/AWSDynamoDB"
        }
        return "\(root)/\(self.id)/\(name)"
    }

    func reports(_ report: BulkReport) -> Bool { self.output.types.contains(report.rawValue) }
}

/// What is reported of items that were not put.
enum BulkReport: String, Sendable, Hashable, CaseIterable {
    case error = "ERROR"
    case conditionCheckFailure = "CONDITION_CHECK_FAILURE"

    /// The folder of its files.
    var folder: String { self == .error ? "error" : "condition-check-failure" }
}

/// How far the reports have come: entries are numbered, wait in the store, and go into files in their order.
struct BulkReports: Sendable, Hashable {
    struct Progress: Sendable, Hashable {
        /// The number of the next entry.
        var next = 0
        /// The number of the first entry that is in no file yet.
        var waiting = 0
        /// Bytes of the entries that wait, about.
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

/// Bytes of what was put, as items are charged.
struct BulkUsage: Sendable, Hashable {
    var table = 0
    var local: [String: Int] = [:]
    var global: [String: Int] = [:]
    var vector: [String: Int] = [:]

    /// Without those of vectors.
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

/// Keys that a bulk operation needs itself, under a table number of its own; all go when it ends.
///
///     copy (8) · 3 (2) · key of an object                      → its size in bytes (8)
///     copy (8) · 4 (2) · number of an entry (8) · part (1)     → an entry for the report of errors
///     copy (8) · 5 (2) · number of an entry (8) · part (1)     → an entry for the report of conditions
///     copy (8) · 6 (2) · report (1) · number of a file (8)     → its line for the manifest
///
/// The parts of an entry: 0 what is said of it, 1 the item that was to be put, 2 the item that was there.
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
