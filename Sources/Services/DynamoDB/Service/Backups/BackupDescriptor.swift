internal import DynamoDBModel
internal import KeyValue
internal import Primitives
internal import ServiceModel

/// The record of a backup.
struct BackupDescriptor: Sendable, Equatable {
    /// Whether a user or the service made it.
    enum Origin: String, Sendable, Hashable {
        case user = "USER"
        /// Made when a table with point-in-time recovery was deleted; removed automatically after 35 days.
        case system = "SYSTEM"
    }

    /// The progress of the copy of a table.
    struct Progress: Sendable, Equatable {
        /// The table number for the copy's own records.
        var number: UInt64
        /// The commit that started the copy: the backup is of the moment after it. nil until it is known.
        var version: CommitVersion?
        /// Where the next slice begins.
        var next: [UInt8] = []
    }

    /// Time and random digits, `01489602797149-73d8d5bc`.
    var id: String
    var name: String
    var origin: Origin
    /// The table at the time of the backup.
    var table: TableDescriptor
    var creation: Timestamp
    var expiry: Timestamp?
    /// The table number of its items.
    var contents: UInt64
    var itemCount = 0
    var sizeBytes = 0
    /// nil once it is AVAILABLE.
    var progress: Progress?

    var arn: String { "\(self.table.arn)/backup/\(self.id)" }

    var key: [UInt8] { BackupKeys.record(.backup, id: self.id, self.table.reference) }

    /// The items; immutable once the backup is AVAILABLE.
    var source: CopySource { CopySource(contents: self.contents, schema: self.table.schema) }

    func isExpired(at now: Timestamp) -> Bool { self.expiry.map { $0 <= now } ?? false }

    var encoded: [UInt8] {
        var fields = RecordFields()
        fields.set("id", self.id)
        fields.set("name", self.name)
        fields.set("origin", self.origin.rawValue)
        fields.set("table", TableRecord.encode(self.table))
        fields.set("creation", self.creation)
        fields.set("expiry", self.expiry)
        fields.set("contents", self.contents)
        fields.set("itemCount", self.itemCount)
        fields.set("sizeBytes", self.sizeBytes)
        if let progress = self.progress {
            fields.set("copy", progress.number)
            fields.set("version", progress.version?.rawValue)
            fields.set("next", progress.next)
        }
        return fields.encoded
    }

    /// - Returns: nil when the record is damaged.
    static func decode(_ bytes: [UInt8]) -> BackupDescriptor? {
        guard let fields = RecordFields(bytes), let id = fields.text("id"), let name = fields.text("name"),
            let origin = fields.text("origin").flatMap(Origin.init(rawValue:)),
            let table = fields.bytes("table").flatMap(TableRecord.decode), let creation = fields.time("creation"),
            let contents = fields.number("contents"), let itemCount = fields.integer("itemCount"),
            let sizeBytes = fields.integer("sizeBytes")
        else { return nil }
        return BackupDescriptor(
            id: id,
            name: name,
            origin: origin,
            table: table,
            creation: creation,
            expiry: fields.time("expiry"),
            contents: contents,
            itemCount: itemCount,
            sizeBytes: sizeBytes,
            progress: fields.number("copy").map { number in
                Progress(
                    number: number,
                    version: fields.number("version").map(CommitVersion.init),
                    next: fields.bytes("next") ?? []
                )
            }
        )
    }
}

/// The record that the ARN of a backup, an export, an import or a bulk operation names.
struct CopyReference: Sendable, Equatable {
    let table: TableReference
    let id: String
    let key: [UInt8]

    /// - Returns: nil when the ARN is of another account, region or kind.
    /// - Throws: when the text does not have the form of such an ARN; in AWS's words.
    init?(_ text: String, _ kind: BackupKeys.Kind, _ context: RequestContext) throws(ServiceError) {
        guard let (arn, name, id) = Self.parts(text, kind), arn.service == "dynamodb" else {
            guard let name = kind.arnName else { return nil }
            throw .validation("Invalid \(name) ARN")
        }
        // AWS authorises on the ARN's account before it looks up the backup (seen by ExtendDB's pull request 231), the
        // export or the import (recorded in October 2026 by a laboratory of the AWS Controllers for Kubernetes).
        guard kind == .bulk || arn.account == context.account.description else { throw .accessDenied }
        guard arn.partition == context.region.partition, arn.region == context.region.description,
            arn.account == context.account.description
        else { return nil }
        self.init(kind, TableReference(account: context.account, region: context.region, name: name), id)
    }

    private init(_ kind: BackupKeys.Kind, _ table: TableReference, _ id: String) {
        self.table = table
        self.id = id
        self.key = BackupKeys.record(kind, id: id, table)
    }

    /// A reference to the backup with this ARN, whose region need not be the request's: to describe or delete a backup,
    /// AWS looks it up in the region of the request; to restore one, in that of the ARN.
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    init(backup text: String, lookup: RegionLookup, _ context: RequestContext) throws(ServiceError) {
        guard let (arn, name, id) = Self.parts(text, .backup) else { throw .validation("Invalid Backup ARN") }
        guard arn.account == context.account.description, !arn.region.isEmpty else { throw .accessDenied }
        let isKnown =
            arn.region == context.region.description
            || ReplicaRule.regions(in: context.region.partition).contains(arn.region)
        guard arn.service == "dynamodb", arn.partition == context.region.partition, isKnown,
            let arnRegion = Region(arn.region)
        else { throw .validation("Invalid Request: BackupArn is not valid") }
        let region = lookup == .regionOfARN ? arnRegion : context.region
        self.init(.backup, TableReference(account: context.account, region: region, name: name), id)
    }

    /// The backup that a request with this ARN is about, as policies name it: the region is that of the lookup, so that
    /// an ARN with another region passes no rule about this backup. A text that the request is refused for stays as it
    /// is.
    static func resource(backup text: String, lookup: RegionLookup, _ context: RequestContext) -> String {
        guard let reference = try? CopyReference(backup: text, lookup: lookup, context) else { return text }
        let table = reference.table
        return ARN(
            service: "dynamodb", region: table.region, account: table.account,
            resource: "table/\(table.name)/backup/\(reference.id)"
        ).description
    }

    /// The region in which a backup is looked up by its ARN.
    enum RegionLookup: Sendable {
        case regionOfRequest
        case regionOfARN
    }

    /// - Returns: nil when the text does not have the form of an ARN of the kind, whatever its service.
    private static func parts(_ text: String, _ kind: BackupKeys.Kind) -> (arn: ARN, table: String, id: String)? {
        guard let arn = ARN(text) else { return nil }
        let parts = arn.resource.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "table", TableReference.isLawfulName(parts[1]), parts[2] == kind.resource,
            !parts[3].isEmpty, !parts[3].utf8.contains(0)
        else { return nil }
        return (arn, String(parts[1]), String(parts[3]))
    }

    /// A new id: milliseconds in fourteen digits, and eight random ones.
    static func newID(at time: Timestamp, _ random: any RandomSource) -> String {
        let digits = String(max(0, time.millisecondsSinceEpoch))
        return String(repeating: "0", count: max(0, 14 - digits.count)) + digits + "-" + Hex.encode(random.bytes(4))
    }
}
