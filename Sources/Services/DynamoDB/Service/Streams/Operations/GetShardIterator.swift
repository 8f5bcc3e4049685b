package import DynamoDBStreamsModel
internal import KeyValue
internal import Primitives
package import ServiceModel

extension DynamoDBStreamsService {
    package func access(_ input: GetShardIteratorInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:GetShardIterator", resource: input.streamARN)]
    }

    package func getShardIterator(
        _ input: GetShardIteratorInput, _ context: RequestContext
    ) async throws(ServiceError) -> GetShardIteratorOutput {
        let name = try StreamNotes.Name(arn: input.streamARN, context)
        let now = try await self.streams.now()
        let stream = try await self.streams.stream(name, at: now)
        let shards = StreamShards(stream: stream, milliseconds: self.shardMilliseconds)
        guard let index = shards.index(ofID: input.shardID), shards.present(at: now).contains(index) else {
            throw .shardNotFound
        }
        let position = try await self.position(input, shards, shards[index], now)
        return GetShardIteratorOutput(
            shardIterator: self.iterators.text(
                ShardIterator(
                    streamARN: name.arn, tableNumber: stream.tableNumber, shardIndex: index, position: position)))
    }

    /// The last position to skip.
    private func position(
        _ input: GetShardIteratorInput, _ shards: StreamShards, _ shard: StreamShards.Shard, _ now: Timestamp
    ) async throws(ServiceError) -> LogPosition {
        let stream = shards.stream
        if input.sequenceNumber != nil, [.trimHorizon, .latest].contains(input.shardIteratorType) {
            // AWS refuses this too; its wording is not known.
            throw .validation(
                "SequenceNumber must not be given for ShardIteratorType \(input.shardIteratorType.rawValue)")
        }
        var time = max(shard.start, now.streamHorizon)
        var position = LogPosition(version: .zero, index: 0)
        switch input.shardIteratorType {
        case .trimHorizon:
            break
        case .latest:
            return .end(of: try await self.streams.latest(stream.log))
        case .atSequenceNumber, .afterSequenceNumber:
            let number = try Self.sequenceNumber(input, shards, shard)
            guard number.time >= now.streamHorizon else { throw .trimmed }
            position = input.shardIteratorType == .atSequenceNumber ? number.before : number.position
        case .atTimestamp:
            guard let wanted = input.timestamp else {
                throw .validation("Timestamp is required for ShardIteratorType AT_TIMESTAMP")
            }
            guard wanted <= now else { throw .validation("Timestamp must not be in the future") }
            time = max(time, wanted)
        default:
            // An unknown type is refused when the request is parsed.
            throw .validation("Invalid ShardIteratorType")
        }
        return max(position, try await self.streams.place(before: time, stream.log, since: stream.since))
    }

    private static func sequenceNumber(
        _ input: GetShardIteratorInput, _ shards: StreamShards, _ shard: StreamShards.Shard
    ) throws(ServiceError) -> SequenceNumber {
        guard let text = input.sequenceNumber else {
            throw .validation("SequenceNumber is required for ShardIteratorType \(input.shardIteratorType.rawValue)")
        }
        guard let number = SequenceNumber(text), shards.first(shard) <= number, number <= shards.last(shard) else {
            throw .validation("Invalid SequenceNumber: \(text) is not in the shard \(shard.id)")
        }
        return number
    }
}
