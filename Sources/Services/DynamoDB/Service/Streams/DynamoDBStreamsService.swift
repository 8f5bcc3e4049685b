internal import DynamoDBStreamsModel
package import KeyValue
package import Primitives
package import Signing

/// Amazon DynamoDB Streams: presents the change logs of tables as streams of shards.
package final class DynamoDBStreamsService: DynamoDBStreamsOperations {
    /// AWS closes a shard after about four hours.
    package static let shardMillisecondsDefault: Int64 = 4 * 3_600_000

    let streams: StreamLog
    let iterators: ShardIteratorSeal
    /// How long a shard receives changes before the next one does. Another duration yields other shards.
    let shardMilliseconds: Int64

    /// `box` seals shard iterators, which are valid as long as its key is.
    package init(
        store: any OrderedStore, clock: any WallClock, box: SecretBox,
        shardMilliseconds: Int64 = DynamoDBStreamsService.shardMillisecondsDefault
    ) {
        precondition(shardMilliseconds > 0, "a shard takes changes for some time")
        self.streams = StreamLog(store: store)
        self.iterators = ShardIteratorSeal(box: box, clock: clock)
        self.shardMilliseconds = shardMilliseconds
    }
}
