internal import KeyValue
internal import Primitives

/// The shards of a stream: consecutive, each for the changes of an interval of commit time.
///
/// Shards are not stored. The shard of a record follows from the time of its commit, which never decreases, so each
/// shard is a section of the log, followed by the records of the next one.
struct StreamShards: Sendable {
    let stream: StoredStream
    let milliseconds: Int64

    /// A shard of the stream.
    struct Shard: Sendable, Equatable {
        /// Counted from 0.
        let index: Int64
        let id: String
        let start: Timestamp
        /// The start of the next shard.
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

    /// The shard for changes at this time, which is not before the stream's start.
    func index(at time: Timestamp) -> Int64 {
        max(0, (time.millisecondsSinceEpoch - self.stream.start.millisecondsSinceEpoch) / self.milliseconds)
    }

    /// The shards that still have records, or may get some.
    func present(at now: Timestamp) -> ClosedRange<Int64> {
        let last = self.index(at: self.stream.end?.time ?? now)
        return min(self.index(at: now.streamHorizon), last)...last
    }

    /// - Returns: nil when the stream has no shard with this id.
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

    /// Below every sequence number in the shard.
    func first(_ shard: Shard) -> SequenceNumber {
        guard shard.index == 0 else { return SequenceNumber(first: shard.start) }
        return SequenceNumber(time: shard.start, position: LogPosition(version: self.stream.since, index: 0))
    }

    /// Above every sequence number in the shard, once it is closed.
    func last(_ shard: Shard) -> SequenceNumber {
        if let end = self.stream.end, shard.contains(end.time) {
            return SequenceNumber(time: end.time, position: LogPosition(version: end.version, index: 0))
        }
        return SequenceNumber(lastBefore: shard.end)
    }
}
