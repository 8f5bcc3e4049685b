package import DynamoDBStreamsModel
internal import DynamoDBValues
internal import Primitives
package import ServiceModel

extension DynamoDBStreamsService {
    /// The default and the limit of shards in one answer: "The upper limit is 100."
    static let describedShardsMax = 100

    package func access(_ input: DescribeStreamInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:DescribeStream", resource: input.streamARN)]
    }

    package func describeStream(
        _ input: DescribeStreamInput, _ context: RequestContext
    ) async throws(ServiceError) -> DescribeStreamOutput {
        let name = try StreamNotes.Name(arn: input.streamARN, context)
        let limit = try StreamLimit.check(input.limit, max: Self.describedShardsMax)
        let now = try await self.streams.now()
        let stream = try await self.streams.stream(name, at: now)
        let shards = StreamShards(stream: stream, milliseconds: self.shardMilliseconds)
        let present = shards.present(at: now)
        // A shard is shown as closed only once no more changes can be added to it.
        if stream.end == nil, present.upperBound > 0 {
            _ = try await self.streams.isSettled(shards[present.upperBound].start)
        }
        let wanted = try Self.wanted(input, shards, present)
        let told = wanted.prefix(limit)
        return DescribeStreamOutput(
            streamDescription: StreamDescription(
                streamARN: name.arn,
                streamLabel: name.label,
                streamStatus: stream.end == nil ? .enabled : .disabled,
                streamViewType: StreamViewType(rawValue: stream.viewType),
                creationRequestDateTime: stream.creation,
                tableName: name.table.name,
                keySchema: stream.schema.partition.map { KeySchemaElement(attributeName: $0.name, keyType: .hash) }
                    + stream.schema.sort.map { KeySchemaElement(attributeName: $0.name, keyType: .range) },
                shards: told.map { Self.description($0, shards, present) },
                lastEvaluatedShardID: told.count < wanted.count ? told.last.map { shards[$0].id } : nil
            )
        )
    }

    /// The shards that a request selects.
    private static func wanted(
        _ input: DescribeStreamInput, _ shards: StreamShards, _ present: ClosedRange<Int64>
    ) throws(ServiceError) -> Range<Int64> {
        var wanted = present.lowerBound..<(present.upperBound + 1)
        if let filter = input.shardFilter {
            guard filter.type == nil || filter.type == .childShards, let parent = filter.shardID else {
                throw .validation("ShardFilter must name the Type CHILD_SHARDS and a ShardId")
            }
            guard let index = shards.index(ofID: parent), index <= present.upperBound else { throw .shardNotFound }
            wanted = wanted.clamped(to: (index + 1)..<(index + 2))
        }
        if let start = input.exclusiveStartShardID {
            guard let index = shards.index(ofID: start) else { throw .shardNotFound }
            // A shard that was trimmed meanwhile precedes all others.
            wanted = min(max(wanted.lowerBound, index + 1), wanted.upperBound)..<wanted.upperBound
        }
        return wanted
    }

    private static func description(
        _ index: Int64, _ shards: StreamShards, _ present: ClosedRange<Int64>
    ) -> DynamoDBStreamsModel.Shard {
        let shard = shards[index]
        let isClosed = index < present.upperBound || shards.stream.end != nil
        return Shard(
            shardID: shard.id,
            sequenceNumberRange: SequenceNumberRange(
                startingSequenceNumber: shards.first(shard).text,
                endingSequenceNumber: isClosed ? shards.last(shard).text : nil
            ),
            parentShardID: index > 0 ? shards[index - 1].id : nil
        )
    }
}
