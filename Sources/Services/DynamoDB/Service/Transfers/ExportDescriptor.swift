internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// The record of an export.
struct ExportDescriptor: Transfer {
    /// "Lists completed exports within the past 90 days."
    static let keptMilliseconds: Int64 = 90 * 86_400_000

    /// What to export.
    enum Extent: Sendable, Equatable {
        /// The table as of a moment; nil means that of the commit that started the export.
        case full(Timestamp?)
        /// The changes from one moment (inclusive) to another (exclusive).
        case incremental(from: Timestamp, to: Timestamp, withOldImages: Bool)
    }

    var id: String
    /// The table at the start of the export.
    var table: TableDescriptor
    var start: Timestamp
    var end: Timestamp?
    var state = TransferState.inProgress
    var extent: Extent
    /// The export time shown for a full export.
    var time: Timestamp
    /// Whether the request gave the type of the export; AWS's descriptions show it only then.
    var isTypeGiven = false
    /// Whether items are written as Amazon Ion instead of DynamoDB JSON.
    var isIon = false
    var clientToken: String?
    var bucket: String
    var bucketOwner: String?
    var prefix: String?
    var encryption: String?
    var encryptionKey: String?
    var filter: ExportFilter?
    var failureCode: String?
    var failureMessage: String?
    var itemCount = 0
    var billedBytes = 0

    /// The table number for the export's own records.
    var copy: UInt64
    /// The commit that started it, once known.
    var version: CommitVersion?
    /// Where the next file begins.
    var next: [UInt8] = []
    var fileCount = 0
    /// Whether an incremental export has finished reading the log.
    var hasReadLog = false
    /// Whether all files are written.
    var isWhole = false

    var arn: String { "\(self.table.arn)/export/\(self.id)" }

    var key: [UInt8] { BackupKeys.record(.export, id: self.id, self.table.reference) }

    var manifestKey: String { self.objectKey("manifest-summary.json") }

    /// The key of an object of this export.
    func objectKey(_ name: String) -> String { "\(self.root)/\(self.id)/\(name)" }

    /// Data files of all incremental exports are in one folder.
    func dataKey(_ name: String) -> String {
        if case .incremental = self.extent { return "\(self.root)/data/\(name)" }
        return self.objectKey("data/\(name)")
    }

    private var root: String {
        guard let prefix = self.prefix, !prefix.isEmpty else { return "AWSDynamoDB" }
        return prefix.hasSuffix("/") ? "\(prefix)AWSDynamoDB" : "\(prefix)/AWSDynamoDB"
    }
}

extension ExportDescriptor {
    var encoded: [UInt8] {
        var fields = RecordFields()
        self.write(to: &fields)
        switch self.extent {
        case .full(let moment): fields.set("moment", moment)
        case .incremental(let from, let to, let withOldImages):
            fields.set("from", from)
            fields.set("to", to)
            fields.set("withOldImages", withOldImages)
        }
        fields.set("time", self.time)
        fields.set("isTypeGiven", self.isTypeGiven)
        fields.set("isIon", self.isIon)
        fields.set("encryption", self.encryption)
        fields.set("encryptionKey", self.encryptionKey)
        self.filter?.write(to: &fields)
        fields.set("itemCount", self.itemCount)
        fields.set("billedBytes", self.billedBytes)
        fields.set("copy", self.copy)
        fields.set("version", self.version?.rawValue)
        fields.set("next", self.next)
        fields.set("fileCount", self.fileCount)
        fields.set("hasReadLog", self.hasReadLog)
        fields.set("isWhole", self.isWhole)
        return fields.encoded
    }

    /// - Returns: nil when the record is damaged.
    static func decode(_ bytes: [UInt8]) -> ExportDescriptor? {
        guard let fields = RecordFields(bytes), let id = fields.text("id"),
            let table = fields.bytes("table").flatMap(TableRecord.decode), let start = fields.time("start"),
            let time = fields.time("time"), let bucket = fields.text("bucket"),
            let itemCount = fields.integer("itemCount"),
            let billedBytes = fields.integer("billedBytes"), let copy = fields.number("copy"),
            let fileCount = fields.integer("fileCount")
        else { return nil }
        var extent = Extent.full(fields.time("moment"))
        if let from = fields.time("from"), let to = fields.time("to") {
            extent = .incremental(from: from, to: to, withOldImages: fields.flag("withOldImages"))
        }
        var export = ExportDescriptor(
            id: id, table: table, start: start, extent: extent, time: time, bucket: bucket, copy: copy)
        guard export.read(fields) else { return nil }
        export.isTypeGiven = fields.flag("isTypeGiven")
        export.isIon = fields.flag("isIon")
        export.encryption = fields.text("encryption")
        export.encryptionKey = fields.text("encryptionKey")
        export.filter = ExportFilter(fields)
        export.itemCount = itemCount
        export.billedBytes = billedBytes
        export.version = fields.number("version").map(CommitVersion.init)
        export.next = fields.bytes("next") ?? []
        export.fileCount = fileCount
        export.hasReadLog = fields.flag("hasReadLog")
        export.isWhole = fields.flag("isWhole")
        return export
    }

    var description: ExportDescription {
        var description = ExportDescription(
            exportARN: self.arn,
            exportStatus: ExportStatus(rawValue: self.state.rawValue),
            startTime: self.start,
            endTime: self.end,
            exportManifest: self.state == .completed ? self.manifestKey : nil,
            tableARN: self.table.arn,
            tableID: self.table.tableID,
            clientToken: self.clientToken,
            s3Bucket: self.bucket,
            s3BucketOwner: self.bucketOwner,
            s3Prefix: self.prefix,
            s3SseAlgorithm: S3SseAlgorithm(rawValue: self.encryption ?? "AES256"),
            s3SseKmsKeyID: self.encryptionKey,
            failureCode: self.failureCode,
            failureMessage: self.failureMessage,
            exportFormat: self.isIon ? .ion : .dynamodbJson,
            billedSizeBytes: self.state == .completed ? self.billedBytes : nil,
            itemCount: self.state == .completed ? self.itemCount : nil,
            exportType: self.isTypeGiven ? self.type : nil,
            filterSpecification: self.filter?.specification
        )
        switch self.extent {
        case .full: description.exportTime = self.time
        case .incremental(let from, let to, let withOldImages):
            description.incrementalExportSpecification = IncrementalExportSpecification(
                exportFromTime: from,
                exportToTime: to,
                exportViewType: withOldImages ? .newAndOldImages : .newImage
            )
        }
        return description
    }

    private var type: ExportType {
        if case .incremental = self.extent { .incrementalExport } else { .fullExport }
    }

    var summary: ExportSummary {
        ExportSummary(
            exportARN: self.arn,
            exportStatus: ExportStatus(rawValue: self.state.rawValue),
            exportType: self.type
        )
    }
}
