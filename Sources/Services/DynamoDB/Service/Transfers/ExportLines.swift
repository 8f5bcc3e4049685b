internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// The lines of an export's data files.
enum ExportLines {
    /// A whole item: `{"Item":{"pk":{"S":"a"}}}`.
    static func full(_ item: AttributeMap, to output: inout [UInt8]) {
        output.append(contentsOf: #"{"Item":"#.utf8)
        self.append(item, to: &output)
        output.append(contentsOf: "}\n".utf8)
    }

    /// A changed item: the time of its last write, its keys, and its images before and after, as far as a filter admits
    /// them.
    static func changed(
        _ change: WindowChange, _ keys: AttributeMap, _ withOldImages: Bool, _ output: inout [UInt8]
    ) {
        let micros = change.time.millisecondsSinceEpoch * 1000
        output.append(contentsOf: #"{"Metadata":{"WriteTimestampMicros":{"N":"\#(micros)"}},"Keys":"#.utf8)
        self.append(keys, to: &output)
        if let old = change.old, withOldImages {
            output.append(contentsOf: #","OldImage":"#.utf8)
            self.append(old, to: &output)
        }
        if let new = change.new {
            output.append(contentsOf: #","NewImage":"#.utf8)
            self.append(new, to: &output)
        }
        output.append(contentsOf: "}\n".utf8)
    }

    /// The equivalent of `full` in Amazon Ion: `$ion_1_0 {Item:{pk:"a"}}`.
    static func ion(_ item: AttributeMap, to output: inout [UInt8]) {
        output += IonText.versionMarker + Array("{Item:".utf8)
        IonText.append(item, to: &output)
        output += Array("}\n".utf8)
    }

    /// The equivalent of `changed` in Amazon Ion.
    static func ionChanged(
        _ change: WindowChange, _ keys: AttributeMap, _ withOldImages: Bool, _ output: inout [UInt8]
    ) {
        let micros = change.time.millisecondsSinceEpoch * 1000
        output += IonText.versionMarker + Array("{Record:{Metadata:{WriteTimestampMicros:\(micros).},Keys:".utf8)
        IonText.append(keys, to: &output)
        if let old = change.old, withOldImages {
            output += Array(",OldImage:".utf8)
            IonText.append(old, to: &output)
        }
        if let new = change.new {
            output += Array(",NewImage:".utf8)
            IonText.append(new, to: &output)
        }
        output += Array("}}\n".utf8)
    }

    private static let member = ItemResponse.schema.members[0]

    /// An item in DynamoDB JSON.
    static func append(_ item: AttributeMap, to output: inout [UInt8]) {
        let writer = JSONWriter(reserving: 2 * item.byteCount, ignoringJSONNames: true)
        item.write(to: writer, self.member)
        output.append(contentsOf: writer.takeBytes())
    }
}

/// The net change of one item within a window of time.
struct WindowChange: Sendable, Equatable {
    var old: AttributeMap?
    var new: AttributeMap?
    /// When it was last written.
    var time: Timestamp

    /// Time (8), followed by the form of the change log.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        BigEndian.append(UInt64(bitPattern: self.time.millisecondsSinceEpoch), to: &bytes)
        return bytes + ChangeRecord(old: self.old, new: self.new).encoded
    }

    init(old: AttributeMap?, new: AttributeMap?, time: Timestamp) {
        self.old = old
        self.new = new
        self.time = time
    }

    /// - Returns: nil when the record is damaged.
    init?(_ bytes: [UInt8]) {
        guard let time = BigEndian.read(UInt64.self, from: bytes), let change = ChangeRecord(Array(bytes.dropFirst(8)))
        else { return nil }
        self.init(
            old: change.old, new: change.new,
            time: Timestamp(millisecondsSinceEpoch: Int64(bitPattern: time)))
    }
}
