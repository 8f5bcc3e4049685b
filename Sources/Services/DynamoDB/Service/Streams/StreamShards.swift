internal import KeyValue
internal import Primitives

/// The shards of a stream: one after another, each takes the changes of a span of commit time.
///
/// Nothing is stored of them. A record's shard follows from its commit's time, which never decreases, so each shard is
/// a piece of the log, and the next one's records come after all of its own.
struct StreamShards: Sendable {
    let stream: StoredStream
    let milliseconds: Int64

    /// One of them.
    struct Shard: Sendable, Hashable {
        /// Counted from 0.
        let index: Int64
        let id: String
        let start: Timestamp
        /// The start of the next one.
        let end: Timestamp

        func contains(_ time: Timestamp) -> Bool { self.start <= time && time < self.end }
    }

    private static let prefix = "shardId-"
    private static let timeDigits = 20

    subscript(index: Int64) -> Shard {
        let start = self.stream.start.advanced(byMilliseconds: index * self.milliseconds)
        return Shard(
            index: index, id: self.id(start), start: start, end: start.advanced(byMilliseconds: self.milliseconds))
    }

    /// The shard that takes the changes of that time, which is not before the stream's start.
    func index(at time: Timestamp) -> Int64 {
        max(0, (time.millisecondsSinceEpoch - self.stream.start.millisecondsSinceEpoch) / self.milliseconds)
    }

    /// The shards that hold something still, or may come to.
    func present(at now: Timestamp) -> ClosedRange<Int64> {
        let last = self.index(at: self.stream.end?.time ?? now)
        return min(self.index(at: now.streamHorizon), last)...last
    }

    /// - Returns: nil for an id that no shard of this stream has.
    func index(ofID id: String) -> Int64? {
        let digits = id.utf8.dropFirst(Self.prefix.utf8.count).prefix(Self.timeDigits)
        guard let milliseconds = Int64(String(decoding: Array(digits), as: UTF8.self)) else { return nil }
        let (offset, overflow) = milliseconds.subtractingReportingOverflow(self.stream.start.millisecondsSinceEpoch)
        guard !overflow, offset >= 0, offset % self.milliseconds == 0,
            self.id(Timestamp(millisecondsSinceEpoch: milliseconds)) == id
        else { return nil }
        return offset / self.milliseconds
    }

    private func id(_ start: Timestamp) -> String {
        let time = String(start.millisecondsSinceEpoch)
        let stream = "\(self.stream.tableNumber)/\(self.stream.name.label)/\(time)"
        var checksum: [UInt8] = []
        BigEndian.append(CRC32.checksum(Array(stream.utf8)), to: &checksum)
        return Self.prefix + String(repeating: "0", count: max(0, Self.timeDigits - time.utf8.count)) + time + "-"
            + Hex.encode(checksum)
    }

    /// Below every number of a record in the shard.
    func first(_ shard: Shard) -> SequenceNumber {
        guard shard.index == 0 else { return SequenceNumber(first: shard.start) }
        return SequenceNumber(time: shard.start, position: LogPosition(version: self.stream.since, index: 0))
    }

    /// Above every number of a record in the shard, once it takes no more.
    func last(_ shard: Shard) -> SequenceNumber {
        if let end = self.stream.end, shard.contains(end.time) {
            return SequenceNumber(time: end.time, position: LogPosition(version: end.version, index: 0))
        }
        return SequenceNumber(lastBefore: shard.end)
    }
}
