internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

/// The entry of a report about one record.
struct BulkEntry: Sendable {
    var object: String
    /// The number of the record in the object, from 1.
    var record: Int
    var message: String
    /// The start of a record without an item.
    var text: String
    var item: AttributeMap?
    var existing: AttributeMap?

    /// The approximate size in the store.
    var bytes: Int {
        self.object.utf8.count + self.message.utf8.count + self.text.utf8.count + (self.item?.byteCount ?? 0)
            + (self.existing?.byteCount ?? 0)
    }

    /// Items have keys of their own, so that each stays in its stored form.
    func writes(_ copy: UInt64, _ report: BulkReport, _ number: Int) -> [Write] {
        var fields = RecordFields()
        fields.set("object", self.object)
        fields.set("record", self.record)
        fields.set("message", self.message)
        fields.set("text", self.text)
        var writes = [Write.set(BulkKeys.entry(copy, report, number, part: 0), fields.encoded)]
        if let item = self.item { writes.append(.set(BulkKeys.entry(copy, report, number, part: 1), item.bytes)) }
        if let existing = self.existing {
            writes.append(.set(BulkKeys.entry(copy, report, number, part: 2), existing.bytes))
        }
        return writes
    }

    /// Reassembles an entry from its parts.
    /// - Returns: nil when it is damaged.
    init?(_ said: [UInt8], item: [UInt8]?, existing: [UInt8]?) {
        guard let fields = RecordFields(said), let object = fields.text("object"),
            let record = fields.integer("record"), let message = fields.text("message"), let text = fields.text("text")
        else { return nil }
        self.init(
            object: object, record: record, message: message, text: text,
            item: item.flatMap { AttributeMap(stored: $0) }, existing: existing.flatMap { AttributeMap(stored: $0) })
    }

    init(
        object: String, record: Int, message: String, text: String, item: AttributeMap?, existing: AttributeMap?
    ) {
        self.object = object
        self.record = record
        self.message = message
        self.text = text
        self.item = item
        self.existing = existing
    }

    /// The line of a report's file, including the newline.
    ///
    /// DEVIATION: AWS's names of the members are not known.
    func line(_ report: BulkReport) -> [UInt8] {
        var text = JSONObjectText()
        text.add("InputObject", self.object)
        text.add("RecordNumber", self.record)
        text.add("ErrorCode", report == .error ? "ValidationException" : "ConditionalCheckFailedException")
        text.add("ErrorMessage", self.message)
        if let item = self.item { text.add("Item", json: Self.json(item)) }
        if let existing = self.existing { text.add("ExistingItem", json: Self.json(existing)) }
        if self.item == nil, !self.text.isEmpty { text.add("Record", self.text) }
        return text.bytes + [UInt8(ascii: "\n")]
    }

    private static func json(_ item: AttributeMap) -> [UInt8] {
        var output: [UInt8] = []
        ExportLines.append(item, to: &output)
        return output
    }
}
