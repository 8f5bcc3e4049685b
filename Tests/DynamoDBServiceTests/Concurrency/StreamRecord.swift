import DynamoDBService
import DynamoDBStreamsModel
import DynamoDBValues
import ServiceModel
import Testing

/// A record of a stream with both images, as values.
struct StreamRecord: Sendable {
    let number: String
    let key: [String: AttributeValue]
    let old: [String: AttributeValue]?
    let new: [String: AttributeValue]?

    /// nil for a record that lacks what every record has.
    init?(_ record: DynamoDBStreamsModel.Record) {
        guard let change = record.dynamodb, let number = change.sequenceNumber, let keys = change.keys else {
            return nil
        }
        self.number = number
        self.key = shown(keys)
        self.old = change.oldImage.map { shown($0) }
        self.new = change.newImage.map { shown($0) }
    }

    /// Every record of a table's one stream, in order.
    static func all(of table: String, _ process: SimulatedProcess) async throws -> [StreamRecord] {
        let (streams, context) = (process.streams, process.context)
        let listed = try await streams.listStreams(ListStreamsInput(tableName: table), context).streams
        let arn = try #require(listed?.first?.streamARN)
        let description = try await streams.describeStream(DescribeStreamInput(streamARN: arn), context)
        var records: [StreamRecord] = []
        for shard in description.streamDescription?.shards ?? [] {
            let input = GetShardIteratorInput(
                streamARN: arn, shardID: shard.shardID ?? "", shardIteratorType: .trimHorizon)
            var iterator = try await streams.getShardIterator(input, context).shardIterator
            while let present = iterator {
                let page = try await streams.getRecords(GetRecordsInput(shardIterator: present, limit: 7), context)
                records += (page.records ?? []).compactMap(StreamRecord.init)
                iterator = page.records?.isEmpty == true ? nil : page.nextShardIterator
            }
        }
        return records
    }
}
