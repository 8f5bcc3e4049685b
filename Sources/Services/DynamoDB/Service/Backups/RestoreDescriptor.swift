internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// An unfinished restore, which fills a table that is CREATING.
struct RestoreDescriptor: Sendable, Equatable {
    /// The table to fill.
    var target: TableReference
    var targetNumber: UInt64
    /// The backup to read; nil for a restore to a point in time.
    var backupKey: [UInt8]?
    /// The table to read, or the one that the backup is of.
    var source: TableDescriptor
    /// The table number of the items.
    var contents: UInt64
    /// The table number for the records of a table's copy; nil for a backup.
    var copy: UInt64?
    /// The moment to restore to; nil means that of the commit that started the restore.
    var moment: Timestamp?
    /// That commit, once it is known.
    var version: CommitVersion?
    /// Where the next slice begins.
    var next: [UInt8] = []
    /// Whether all items are in the table.
    var isWhole = false

    var key: [UInt8] { BackupKeys.restore(self.targetNumber) }

    /// - Returns: nil while the moment is not known.
    var copySource: CopySource? {
        guard let copy = self.copy else { return CopySource(contents: self.contents, schema: self.source.schema) }
        let moment = self.moment.map { CopySource.Moment.time($0) } ?? self.version.map { .version($0) }
        return moment.map {
            CopySource(
                contents: self.contents,
                schema: self.source.schema,
                history: .init(log: self.source.log, moment: $0, number: copy)
            )
        }
    }

    var encoded: [UInt8] {
        var fields = RecordFields()
        fields.set("target", self.target.name)
        if self.target.region != self.source.region { fields.set("targetRegion", self.target.region.description) }
        fields.set("targetNumber", self.targetNumber)
        fields.set("backup", self.backupKey)
        fields.set("source", TableRecord.encode(self.source))
        fields.set("contents", self.contents)
        fields.set("copy", self.copy)
        fields.set("moment", self.moment)
        fields.set("version", self.version?.rawValue)
        fields.set("next", self.next)
        fields.set("isWhole", self.isWhole)
        return fields.encoded
    }

    /// - Returns: nil when the record is damaged.
    static func decode(_ bytes: [UInt8]) -> RestoreDescriptor? {
        guard let fields = RecordFields(bytes), let target = fields.text("target"),
            let targetNumber = fields.number("targetNumber"),
            let source = fields.bytes("source").flatMap(TableRecord.decode), let contents = fields.number("contents")
        else { return nil }
        return RestoreDescriptor(
            // In the source's region unless another one is stored.
            target: TableReference(
                account: source.account,
                region: fields.text("targetRegion").flatMap(Region.init) ?? source.region,
                name: target
            ),
            targetNumber: targetNumber,
            backupKey: fields.bytes("backup"),
            source: source,
            contents: contents,
            copy: fields.number("copy"),
            moment: fields.time("moment"),
            version: fields.number("version").map(CommitVersion.init),
            next: fields.bytes("next") ?? [],
            isWhole: fields.flag("isWhole")
        )
    }
}
