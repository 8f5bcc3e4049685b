internal import Primitives

/// The latest stream of a table, enabled or disabled.
struct TableStream: Sendable, Equatable {
    /// "24 hours", after which a record is trimmed, and an ended stream disappears.
    /// - Source: DynamoDB Developer Guide, "Data retention limit for DynamoDB Streams".
    static let keptMilliseconds: Int64 = 24 * 3_600_000

    /// The content of its records: `KEYS_ONLY`, `NEW_IMAGE`, `OLD_IMAGE` or `NEW_AND_OLD_IMAGES`.
    var viewType: String
    /// When it was enabled; unique among the streams of the table.
    var creation: Timestamp
    var isEnabled = true

    /// The time of enabling in the form of its ARN: `2026-11-24T05:00:30.123`.
    var label: String {
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = CalendarDate(self.creation)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(padded(date.hour, 2)):"
            + "\(padded(date.minute, 2)):\(padded(date.second, 2)).\(padded(date.millisecond, 3))"
    }
}

extension TableDescriptor {
    /// The stream that receives the table's changes; nil when none is enabled.
    var enabledStream: TableStream? {
        self.latestStream.flatMap { $0.isEnabled ? $0 : nil }
    }

    /// Starts a stream. The catalogue records it together with the descriptor, so that it outlives both.
    mutating func enableStream(_ viewType: String, at now: Timestamp) {
        var creation = now
        if let last = self.latestStream?.creation, creation <= last {
            creation = last.advanced(byMilliseconds: 1)
        }
        self.latestStream = TableStream(viewType: viewType, creation: creation)
    }

    /// Ends the stream; its records can be read for another day.
    mutating func disableStream() {
        self.latestStream?.isEnabled = false
    }
}
