internal import KeyValue
internal import Primitives

/// The position of a record in its stream: commit time, commit and index within the commit, as one decimal number, so
/// that numbers increase with the log, and a number alone identifies its shard.
///
///     milliseconds since 1970 (13 digits) · commit version (20) · index (5)
struct SequenceNumber: Sendable, Comparable {
    private static let versionDigits = 20
    private static let indexDigits = 5
    /// One commit has far fewer writes.
    private static let indexMax: UInt32 = 99_999

    let time: Timestamp
    let position: LogPosition

    init(time: Timestamp, position: LogPosition) {
        self.time = time
        self.position = LogPosition(version: position.version, index: min(position.index, Self.indexMax))
    }

    /// Before every record of this time.
    init(first time: Timestamp) {
        self.init(time: time, position: LogPosition(version: .zero, index: 0))
    }

    /// After every record before this time.
    init(lastBefore time: Timestamp) {
        self.init(
            time: time.advanced(byMilliseconds: -1),
            position: .end(of: CommitVersion(.max)))
    }

    /// - Returns: nil when the text is not a sequence number.
    init?(_ text: String) {
        let digits = Array(text.utf8)
        guard digits.count > Self.versionDigits + Self.indexDigits, digits.allSatisfy(ASCII.isDigit) else { return nil }
        let timeDigits = digits.count - Self.versionDigits - Self.indexDigits
        guard let milliseconds = Int64(String(decoding: digits[..<timeDigits], as: UTF8.self)),
            let version = UInt64(
                String(decoding: digits[timeDigits..<(timeDigits + Self.versionDigits)], as: UTF8.self)),
            let index = UInt32(String(decoding: digits[(timeDigits + Self.versionDigits)...], as: UTF8.self))
        else { return nil }
        self.init(
            time: Timestamp(millisecondsSinceEpoch: milliseconds),
            position: LogPosition(version: CommitVersion(version), index: index))
    }

    var text: String {
        func padded(_ value: String, _ width: Int) -> String {
            String(repeating: "0", count: max(0, width - value.utf8.count)) + value
        }
        return padded(String(self.time.millisecondsSinceEpoch), 1)
            + padded(String(self.position.version.rawValue), Self.versionDigits)
            + padded(String(self.position.index), Self.indexDigits)
    }

    /// The position just before the record of this number.
    var before: LogPosition {
        if self.position.index > 0 {
            return LogPosition(version: self.position.version, index: self.position.index - 1)
        }
        let version = self.position.version.rawValue
        return version > 0 ? .end(of: CommitVersion(version - 1)) : LogPosition(version: .zero, index: 0)
    }

    static func < (left: SequenceNumber, right: SequenceNumber) -> Bool {
        (left.time, left.position) < (right.time, right.position)
    }
}
