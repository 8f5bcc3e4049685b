internal import KeyValue
internal import Primitives

/// A bulk operation's record.
extension BulkDescriptor {
    var encoded: [UInt8] {
        var fields = RecordFields()
        fields.set("id", self.id)
        fields.set("account", self.table.account.description)
        fields.set("region", self.table.region.description)
        fields.set("table", self.table.name)
        fields.set("tableNumber", self.tableNumber)
        fields.set("tableID", self.tableID)
        fields.set("start", self.start)
        fields.set("end", self.end)
        fields.set("state", self.state.rawValue)
        fields.set("clientToken", self.clientToken)
        fields.set("inputBucket", self.input.bucket)
        fields.set("inputBucketOwner", self.input.bucketOwner)
        fields.set("inputPrefix", self.input.prefix)
        fields.set("isIon", self.input.isIon)
        fields.set("compression", self.input.compression)
        fields.set("outputBucket", self.output.bucket)
        fields.set("outputBucketOwner", self.output.bucketOwner)
        fields.set("outputPrefix", self.output.prefix)
        fields.set("encryption", self.output.encryption)
        fields.set("encryptionKey", self.output.encryptionKey)
        fields.set("outputTypes", self.output.types)
        fields.set("unitsMax", self.unitsMax)
        fields.set("tier", self.tier)
        fields.set("copy", self.copy)
        self.setProgress(&fields)
        fields.set("failureCode", self.failureCode)
        fields.set("failureMessage", self.failureMessage)
        return fields.encoded
    }

    private func setProgress(_ fields: inout RecordFields) {
        fields.set("lastListed", self.lastListed)
        fields.set("isListed", self.isListed)
        fields.set("objectCount", self.objectCount)
        fields.set("totalBytes", self.totalBytes)
        fields.set("lastKey", self.lastKey)
        fields.set("doneBytes", self.doneBytes)
        fields.set("placeBytes", self.placeBytes)
        fields.set("place", self.place?.key)
        fields.set("placeOffset", self.place?.offset)
        fields.set("placeRecords", self.place?.recordCount)
        fields.set("processedCount", self.processedCount)
        fields.set("failedCount", self.failedCount)
        fields.set("conditionFailureCount", self.conditionFailureCount)
        fields.set("tableUsage", self.usage.table)
        fields.set("localUsage", Self.texts(self.usage.local))
        fields.set("globalUsage", Self.texts(self.usage.global))
        fields.set("vectorUsage", Self.texts(self.usage.vector))
        for report in BulkReport.allCases {
            let progress = self.reports[report]
            guard progress != BulkReports.Progress() else { continue }
            fields.set("\(report.folder)Next", progress.next)
            fields.set("\(report.folder)Waiting", progress.waiting)
            fields.set("\(report.folder)WaitingBytes", progress.waitingBytes)
            fields.set("\(report.folder)Files", progress.fileCount)
        }
    }

    /// - Returns: nil when the record is damaged.
    static func decode(_ bytes: [UInt8]) -> BulkDescriptor? {
        guard let fields = RecordFields(bytes), let id = fields.text("id"),
            let account = fields.text("account").flatMap(AccountID.init),
            let region = fields.text("region").flatMap(Region.init), let name = fields.text("table"),
            let tableNumber = fields.number("tableNumber"), let tableID = fields.text("tableID"),
            let start = fields.time("start"), let state = fields.text("state").flatMap(State.init(rawValue:)),
            let inputBucket = fields.text("inputBucket"), let outputBucket = fields.text("outputBucket"),
            let types = fields.texts("outputTypes"), let copy = fields.number("copy")
        else { return nil }
        var own = BulkDescriptor(
            id: id,
            table: TableReference(account: account, region: region, name: name),
            tableNumber: tableNumber,
            tableID: tableID,
            start: start,
            input: Input(
                bucket: inputBucket,
                bucketOwner: fields.text("inputBucketOwner"),
                prefix: fields.text("inputPrefix"),
                isIon: fields.flag("isIon"),
                compression: fields.text("compression")
            ),
            output: Output(
                bucket: outputBucket,
                bucketOwner: fields.text("outputBucketOwner"),
                prefix: fields.text("outputPrefix"),
                encryption: fields.text("encryption"),
                encryptionKey: fields.text("encryptionKey"),
                types: types
            ),
            copy: copy
        )
        own.end = fields.time("end")
        own.state = state
        own.clientToken = fields.text("clientToken")
        own.unitsMax = fields.integer("unitsMax")
        own.tier = fields.text("tier")
        own.readProgress(fields)
        own.failureCode = fields.text("failureCode")
        own.failureMessage = fields.text("failureMessage")
        return own
    }

    private mutating func readProgress(_ fields: RecordFields) {
        self.lastListed = fields.text("lastListed") ?? ""
        self.isListed = fields.flag("isListed")
        self.objectCount = fields.integer("objectCount") ?? 0
        self.totalBytes = fields.integer("totalBytes") ?? 0
        self.lastKey = fields.text("lastKey") ?? ""
        self.doneBytes = fields.integer("doneBytes") ?? 0
        self.placeBytes = fields.integer("placeBytes") ?? 0
        self.place = fields.text("place").map { key in
            Place(
                key: key, offset: fields.integer("placeOffset") ?? 0,
                recordCount: fields.integer("placeRecords") ?? 0)
        }
        self.processedCount = fields.integer("processedCount") ?? 0
        self.failedCount = fields.integer("failedCount") ?? 0
        self.conditionFailureCount = fields.integer("conditionFailureCount") ?? 0
        self.usage.table = fields.integer("tableUsage") ?? 0
        self.usage.local = Self.usage(fields.texts("localUsage"))
        self.usage.global = Self.usage(fields.texts("globalUsage"))
        self.usage.vector = Self.usage(fields.texts("vectorUsage"))
        for report in BulkReport.allCases {
            self.reports[report] = BulkReports.Progress(
                next: fields.integer("\(report.folder)Next") ?? 0,
                waiting: fields.integer("\(report.folder)Waiting") ?? 0,
                waitingBytes: fields.integer("\(report.folder)WaitingBytes") ?? 0,
                fileCount: fields.integer("\(report.folder)Files") ?? 0
            )
        }
    }

    /// Names of indexes, which have no space in them, and bytes.
    private static func texts(_ usage: [String: Int]) -> [String]? {
        usage.isEmpty ? nil : usage.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    }

    private static func usage(_ texts: [String]?) -> [String: Int] {
        var usage: [String: Int] = [:]
        for text in texts ?? [] {
            let parts = text.split(separator: " ")
            guard parts.count == 2, let bytes = Int(parts[1]) else { continue }
            usage[String(parts[0])] = bytes
        }
        return usage
    }
}
