internal import DynamoDBStreamsModel
internal import KeyValue
internal import Primitives
internal import ServiceModel
internal import Signing

/// A position in a shard from which to continue reading.
struct ShardIterator: Sendable, Equatable {
    let streamARN: String
    let tableNumber: UInt64
    let shardIndex: Int64
    /// The last record to skip.
    let position: LogPosition
}

/// Creates and verifies shard iterators, which cannot be forged or modified, and expire after fifteen minutes.
///
///     the stream's ARN, |1|, then in base64 a sealed box of:
///     format 1 (1) · table number (8) · shard index (8) · version (8) · index (4) · issued (8)
struct ShardIteratorSeal: Sendable {
    /// "A shard iterator expires 15 minutes after it is returned to the requester."
    static let heldMilliseconds: Int64 = 15 * 60_000
    private static let formatByte: UInt8 = 1
    private static let plainBytes = 37
    private static let separator = "|1|"

    let box: SecretBox
    let clock: any WallClock

    func text(_ iterator: ShardIterator) -> String {
        var plain: [UInt8] = [Self.formatByte]
        BigEndian.append(iterator.tableNumber, to: &plain)
        BigEndian.append(UInt64(bitPattern: iterator.shardIndex), to: &plain)
        BigEndian.append(iterator.position.version.rawValue, to: &plain)
        BigEndian.append(iterator.position.index, to: &plain)
        BigEndian.append(UInt64(bitPattern: self.clock.now().millisecondsSinceEpoch), to: &plain)
        let sealed = self.box.seal(plain, context: Self.context(iterator.streamARN))
        return iterator.streamARN + Self.separator + Base64.encode(sealed)
    }

    func open(_ text: String) throws(ServiceError) -> ShardIterator {
        guard let arn = Self.streamARN(text),
            let sealed = Base64.decode(text.utf8.dropFirst(arn.utf8.count + Self.separator.utf8.count)),
            let plain = self.box.open(sealed, context: Self.context(arn)), plain.count == Self.plainBytes,
            plain[0] == Self.formatByte, let tableNumber = BigEndian.read(UInt64.self, from: plain, at: 1),
            let shardIndex = BigEndian.read(UInt64.self, from: plain, at: 9),
            let version = BigEndian.read(UInt64.self, from: plain, at: 17),
            let index = BigEndian.read(UInt32.self, from: plain, at: 25),
            let issued = BigEndian.read(UInt64.self, from: plain, at: 29)
        else { throw .validation("Invalid ShardIterator") }
        let age = self.clock.now().millisecondsSinceEpoch - Int64(bitPattern: issued)
        guard age <= Self.heldMilliseconds else {
            throw DynamoDBStreamsError.expiredIterator(
                message: "The provided iterator exceeds the maximum age allowed.")
        }
        return ShardIterator(
            streamARN: arn, tableNumber: tableNumber, shardIndex: Int64(bitPattern: shardIndex),
            position: LogPosition(version: CommitVersion(version), index: index))
    }

    /// The ARN at the beginning of an iterator's text, not verified; nil when there is none.
    static func streamARN(_ text: String) -> String? {
        guard let end = text.utf8.firstIndex(of: UInt8(ascii: "|")), text[end...].hasPrefix(self.separator) else {
            return nil
        }
        return String(text[..<end])
    }

    private static func context(_ arn: String) -> String { "brume-shard-iterator-1 \(arn)" }
}
