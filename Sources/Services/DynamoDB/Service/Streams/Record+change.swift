internal import DynamoDBStreamsModel
internal import DynamoDBValues
internal import KeyValue
internal import Primitives
internal import ServiceModel
internal import Signing

extension DynamoDBStreamsModel.Record {
    /// The stream record of a change.
    init(_ entry: LogEntry, of stream: StoredStream, region: Region) throws(ServiceError) {
        guard let change = ChangeRecord(entry.payload), let item = change.new ?? change.old else {
            throw ServiceError(.corrupt("entry of a change log"))
        }
        let keys = item.filter { stream.schema.contains($0) }
        let showsNew = stream.viewType == "NEW_IMAGE" || stream.viewType == "NEW_AND_OLD_IMAGES"
        let showsOld = stream.viewType == "OLD_IMAGE" || stream.viewType == "NEW_AND_OLD_IMAGES"
        let new = showsNew ? change.new : nil
        let old = showsOld ? change.old : nil
        let number = SequenceNumber(time: entry.time, position: entry.position).text
        self.init(
            eventID: Self.eventID(stream, number),
            eventName: change.old == nil ? .insert : change.new == nil ? .remove : .modify,
            eventVersion: "1.1",
            eventSource: "aws:dynamodb",
            awsRegion: region.description,
            dynamodb: StreamRecord(
                // "rounded down to the closest second"
                approximateCreationDateTime: Timestamp(secondsSinceEpoch: entry.time.secondsSinceEpoch),
                keys: keys,
                newImage: new,
                oldImage: old,
                sequenceNumber: number,
                // As in AWS's examples: the keys are counted in addition to the images.
                sizeBytes: keys.itemBytes + (new?.itemBytes ?? 0) + (old?.itemBytes ?? 0),
                streamViewType: StreamViewType(rawValue: stream.viewType)
            ),
            userIdentity: change.actor == .timeToLive
                ? Identity(principalID: "dynamodb.amazonaws.com", type: "Service") : nil
        )
    }

    /// Stable for a record whenever it is read, and unique to it.
    private static func eventID(_ stream: StoredStream, _ number: String) -> String {
        let subject = "\(stream.name.arn)/\(stream.tableNumber)/\(number)"
        return String(Digest256(hashing: Array(subject.utf8)).description.prefix(32))
    }
}
