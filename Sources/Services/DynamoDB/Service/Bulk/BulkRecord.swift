internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel
internal import WireProtocols

/// One record of an object: JSON, or Amazon Ion, with the members of PutItem.
///
///     {"Item": {"pk": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(pk)"}
///     $ion_1_0 {Item:{pk:"a"},ConditionExpression:"attribute_not_exists(pk)"}
///
/// Besides `Item` it can have `ConditionExpression`, `ExpressionAttributeNames` and `ExpressionAttributeValues`. Any
/// other member is refused rather than ignored: it may be a condition that the caller relies on.
/// - Source: DynamoDB Developer Guide, "Amazon S3 input formats for bulk put items", "Per-item condition expressions";
///   AWS's names of the members could not be confirmed.
struct BulkRecord: Sendable {
    enum Outcome: Sendable {
        case put(AttributeMap, WriteCondition)
        /// The item breaks a rule; reading continues with the next record.
        case refused(String, AttributeMap?)
        /// The rest of the object is not read.
        case malformed(String)
    }

    /// Bytes of a record that a report shows when there is no item to show.
    static let shownBytesMax = 4 << 10

    /// The number of the record in its object, from 1.
    var number: Int
    /// The offset of the next record in the text.
    var end: Int
    /// The start of its text, if it contains no item.
    var text: [UInt8]
    var outcome: Outcome

    init(_ line: JSONRecords.Record, number: Int, isIon: Bool) {
        self.number = number
        self.end = line.end
        let json = isIon ? IonRecord.json(line.bytes, isBulk: true) : line.bytes
        self.outcome = json.map(Self.parse) ?? .malformed("The record is not Amazon Ion")
        if case .put = self.outcome { self.text = [] } else { self.text = Array(line.bytes.prefix(Self.shownBytesMax)) }
    }

    /// An error of the object as a whole.
    init(malformed reason: String, number: Int, end: Int) {
        self.number = number
        self.end = end
        self.text = []
        self.outcome = .malformed(reason)
    }

    private static let schema = PutItemInput.schema
    private static let item = Self.member("Item")
    private static let expression = Self.member("ConditionExpression")
    private static let names = Self.member("ExpressionAttributeNames")
    private static let values = Self.member("ExpressionAttributeValues")

    private static func member(_ name: String) -> MemberSchema {
        guard let member = self.schema.members.first(where: { $0.name == name }) else {
            preconditionFailure("PutItem has a member \(name)")
        }
        return member
    }

    private static func parse(_ line: [UInt8]) -> Outcome {
        let reader = ShapeReader(JSONReader(line))
        var item: AttributeMap?
        var expression: String?
        var names: [String: String]?
        var values: AttributeMap?
        var unknown: String?
        do throws(ShapeError) {
            // As a map, which also yields unknown members.
            try reader.wire.beginMap(self.item)
            while let name = try reader.wire.nextKey(self.item) {
                switch name {
                case self.item.name: item = try AttributeMap(from: reader, self.item)
                case self.expression.name: expression = try reader.string(self.expression)
                case self.names.name:
                    names = try reader.map(self.names) { (member) throws(ShapeError) in try reader.string(member) }
                case self.values.name: values = try AttributeMap(from: reader, self.values)
                default:
                    unknown = name
                    try reader.wire.skipValue()
                }
            }
            try reader.wire.finish()
        } catch {
            return .malformed("The record is not DynamoDB JSON")
        }
        guard let item else { return .malformed("The record has no Item") }
        do throws(ValidationFailure) {
            if let unknown { throw ValidationFailure("The record has a member that is not known: \(unknown)") }
            if let failure = item.failure { throw ValidationFailure(failure.message) }
            guard reader.violations.isEmpty else { throw ValidationFailure("A name in the record is too long") }
            try ItemCheck.size(item)
            return .put(
                item,
                try WriteCondition(
                    expression: expression, names: names, values: values, returnsOld: nil, for: .other))
        } catch {
            return .refused(error.message, item.failure == nil && !item.isTooLarge ? item : nil)
        }
    }
}
