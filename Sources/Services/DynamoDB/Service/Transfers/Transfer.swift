internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// The part common to exports and imports: identity, location of the objects, and progress.
protocol Transfer: Sendable {
    var id: String { get }
    var table: TableDescriptor { get }
    var start: Timestamp { get }
    var end: Timestamp? { get set }
    var state: TransferState { get set }
    var clientToken: String? { get set }
    var bucket: String { get }
    var bucketOwner: String? { get set }
    var prefix: String? { get set }
    var failureCode: String? { get set }
    var failureMessage: String? { get set }
}

/// What has become of an import or export; the words are those of `ImportStatus` and `ExportStatus`.
enum TransferState: String, Sendable, Hashable {
    case inProgress = "IN_PROGRESS"
    case completed = "COMPLETED"
    case failed = "FAILED"
}

extension Transfer {
    /// Ends it as completed, or as failed if there is a failure.
    mutating func end(at time: Timestamp, _ failure: (code: String, message: String)? = nil) {
        self.state = failure == nil ? .completed : .failed
        self.end = time
        self.failureCode = failure?.code
        self.failureMessage = failure?.message
    }

    /// Writes the common fields to a record.
    func write(to fields: inout RecordFields) {
        fields.set("id", self.id)
        fields.set("table", TableRecord.encode(self.table))
        fields.set("start", self.start)
        fields.set("end", self.end)
        fields.set("state", self.state.rawValue)
        fields.set("clientToken", self.clientToken)
        fields.set("bucket", self.bucket)
        fields.set("bucketOwner", self.bucketOwner)
        fields.set("prefix", self.prefix)
        fields.set("failureCode", self.failureCode)
        fields.set("failureMessage", self.failureMessage)
    }

    /// Reads the common fields that can change, or may be missing, from a record.
    /// - Returns: false when the record is damaged.
    mutating func read(_ fields: RecordFields) -> Bool {
        guard let state = fields.text("state").flatMap(TransferState.init(rawValue:)) else { return false }
        self.state = state
        self.end = fields.time("end")
        self.clientToken = fields.text("clientToken")
        self.bucketOwner = fields.text("bucketOwner")
        self.prefix = fields.text("prefix")
        self.failureCode = fields.text("failureCode")
        self.failureMessage = fields.text("failureMessage")
        return true
    }
}

extension DynamoDBService {
    /// Refuses another transfer of a kind when the limit on concurrent ones is reached.
    func checkCount(
        _ kind: BackupKeys.Kind, atMost countMax: Int, _ name: String
    ) async throws(ServiceError) {
        let page = try await storing { () throws(StorageError) in
            try await self.store.scan(BackupKeys.work(kind), limit: countMax, byteLimit: 1 << 20, reverse: false)
        }
        guard page.entries.count < countMax else {
            throw DynamoDBError.limitExceeded(
                message: "Subscriber limit exceeded: There is a limit of \(countMax) concurrent \(name) per subscriber")
        }
    }
}
