internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// The catalogue's records of streams besides the tables' descriptors, so that a stream can be listed and read for a
/// day after it was disabled or its table deleted.
///
/// The record is written in the commit that enables the stream, the end mark in the commit that disables it or deletes
/// its table; neither is written again: their versions and times are exactly the beginning and the end of the stream in
/// the log.
enum StreamNotes {
    private static let noteByte: UInt8 = 0
    private static let endByte: UInt8 = 1
    static let labelBytes = 23

    /// The table and the label of a stream.
    struct Name: Sendable, Equatable {
        let table: TableReference
        let label: String

        var arn: String {
            ARN(
                service: "dynamodb", region: self.table.region, account: self.table.account,
                resource: "table/\(self.table.name)/stream/\(self.label)"
            ).description
        }
    }

    // Keys

    /// The records of an account in a region, in the order of tables and labels.
    static func all(_ account: AccountID, _ region: Region) -> KeyRange {
        let prefix = CatalogKeys.streams.start + Array(account.description.utf8)
        return KeyRange(prefix: prefix + Array(region.description.utf8) + [0])
    }

    static func all(of table: TableReference) -> KeyRange {
        KeyRange(prefix: self.all(table.account, table.region).start + Array(table.name.utf8) + [0])
    }

    static func key(_ name: Name) -> [UInt8] {
        self.all(of: name.table).start + Array(name.label.utf8) + [0, self.noteByte]
    }

    static func endKey(_ name: Name) -> [UInt8] {
        self.all(of: name.table).start + Array(name.label.utf8) + [0, self.endByte]
    }

    /// After the record of a stream and its end mark.
    static func after(_ name: Name) -> [UInt8] {
        self.all(of: name.table).start + Array(name.label.utf8) + [1]
    }

    /// - Returns: the name in a key, and whether it is the key of an end mark; nil for other keys.
    static func parse(_ key: [UInt8]) -> (name: Name, isEnd: Bool)? {
        let prefix = CatalogKeys.streams.start
        guard key.starts(with: prefix), key.count > prefix.count + 12, let last = key.last else { return nil }
        let account = AccountID(String(decoding: key[prefix.count..<(prefix.count + 12)], as: UTF8.self))
        let parts = key[(prefix.count + 12)..<(key.count - 1)].split(separator: 0, omittingEmptySubsequences: false)
        guard let account, parts.count == 4, parts[2].count == self.labelBytes,
            let region = Region(String(decoding: parts[0], as: UTF8.self))
        else { return nil }
        let table = TableReference(account: account, region: region, name: String(decoding: parts[1], as: UTF8.self))
        return (Name(table: table, label: String(decoding: parts[2], as: UTF8.self)), last == self.endByte)
    }

    // Records

    /// The properties of a stream, except its beginning and its end.
    struct Record: Sendable, Equatable {
        let tableNumber: UInt64
        let viewType: String
        let creation: Timestamp
        let schema: KeySchema
    }

    static func encode(_ table: TableDescriptor, _ stream: TableStream) -> [UInt8] {
        AttributeMap(
            AttributeTree([
                .init("number", TableRecord.number(Int(table.number))), .init("viewType", .s(stream.viewType)),
                .init("creation", TableRecord.number(Int(stream.creation.millisecondsSinceEpoch))),
                .init("schema", TableRecord.schema(table.schema)),
            ])
        ).bytes
    }

    /// - Returns: nil when the record is damaged.
    static func decode(_ bytes: [UInt8]) -> Record? {
        guard let tree = AttributeMap(stored: bytes)?.tree,
            let number = TableRecord.integer(tree["number"]).flatMap(UInt64.init(exactly:)), number > 0,
            let viewType = TableRecord.text(tree["viewType"]), let creation = TableRecord.integer(tree["creation"]),
            let schema = TableRecord.schema(tree["schema"])
        else { return nil }
        return Record(
            tableNumber: number, viewType: viewType, creation: Timestamp(millisecondsSinceEpoch: Int64(creation)),
            schema: schema)
    }

    /// The writes that a change of a table's descriptor needs; nil means that the table does not exist.
    static func writes(from old: TableDescriptor?, to new: TableDescriptor?) -> [Write] {
        let (oldStream, newStream) = (old?.enabledStream, new?.enabledStream)
        guard oldStream?.label != newStream?.label else { return [] }
        var writes: [Write] = []
        if let old, let oldStream {
            writes.append(.set(self.endKey(Name(table: old.reference, label: oldStream.label)), []))
        }
        if let new, let newStream {
            let name = Name(table: new.reference, label: newStream.label)
            writes.append(.set(self.key(name), self.encode(new, newStream)))
            // A table of the same name may have been deleted within the same millisecond.
            writes.append(.delete(self.endKey(name)))
        }
        return writes
    }
}

extension TableDescriptor {
    var reference: TableReference {
        TableReference(account: self.account, region: self.region, name: self.name)
    }
}
