internal import Primitives

/// The stream that a table got last: the one that is enabled, or was before it was disabled.
struct TableStream: Sendable, Hashable {
    /// "24 hours", after which a record is trimmed, and a stream that ended is gone.
    /// - Source: DynamoDB Developer Guide, "Data retention limit for DynamoDB Streams".
    static let keptMilliseconds: Int64 = 24 * 3_600_000

    /// What its records hold: `KEYS_ONLY`, `NEW_IMAGE`, `OLD_IMAGE` or `NEW_AND_OLD_IMAGES`.
    var viewType: String
    /// When it was enabled; no other stream of the table has this time.
    var creation: Timestamp
    var isEnabled = true

    /// When it was enabled, as its ARN says it: `2026-11-24T05:00:30.123`.
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
    /// The stream that takes the table's changes now; nil while none does.
    var enabledStream: TableStream? {
        self.latestStream.flatMap { $0.isEnabled ? $0 : nil }
    }

    /// Begins a stream. The catalogue notes it with the descriptor, so that it outlives both.
    mutating func enableStream(_ viewType: String, at now: Timestamp) {
        var creation = now
        if let last = self.latestStream?.creation, creation <= last {
            creation = last.advanced(byMilliseconds: 1)
        }
        self.latestStream = TableStream(viewType: viewType, creation: creation)
    }

    /// Ends the stream; what it took can be read for a day.
    mutating func disableStream() {
        self.latestStream?.isEnabled = false
    }
}
