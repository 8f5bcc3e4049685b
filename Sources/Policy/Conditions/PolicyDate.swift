internal import Primitives

/// A date of a condition: `2026-11`, `2026-11-28`, `2026-11-28T14:00:00Z` with or without seconds, fractions and an
/// offset, or seconds since 1970. A date without a day or a time begins its month or day, and one without an offset is
/// in UTC.
///
/// - Source: IAM User Guide, "Date condition operators"; W3C, "Date and Time Formats"; moto's `policy_validation.py`, a
///   record of what IAM takes, for times without an offset, offsets without minutes, and small letters.
struct PolicyDate: Sendable, Comparable {
    let time: Timestamp

    init?(_ text: String) {
        if !text.isEmpty, text.utf8.allSatisfy(ASCII.isDigit) {
            // Larger values cannot be represented in milliseconds.
            guard let seconds = Int64(text), seconds <= 1 << 50 else { return nil }
            self.time = Timestamp(secondsSinceEpoch: seconds)
            return
        }
        var reader = Reader(rest: Array(text.utf8)[...])
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2) else { return nil }
        var day = 1
        let hasDay = reader.take("-")
        if hasDay {
            guard let given = reader.digits(2) else { return nil }
            day = given
        }
        var date = CalendarDate(year: year, month: month, day: day)
        var offsetMinutes = 0
        if hasDay, reader.take("T") || reader.take("t") {
            guard let hour = reader.digits(2), reader.take(":"), let minute = reader.digits(2) else { return nil }
            (date.hour, date.minute) = (hour, minute)
            if reader.take(":") {
                guard let second = reader.digits(2) else { return nil }
                date.second = second
                if reader.take(".") {
                    guard let fraction = reader.fraction() else { return nil }
                    date.millisecond = fraction
                }
            }
            guard let offset = reader.offset() else { return nil }
            offsetMinutes = offset
        }
        guard reader.rest.isEmpty, date.isValid else { return nil }
        self.time = Timestamp(
            millisecondsSinceEpoch: date.timestamp.millisecondsSinceEpoch - Int64(offsetMinutes) * 60_000)
    }

    static func < (left: PolicyDate, right: PolicyDate) -> Bool { left.time < right.time }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard let first = self.rest.first, UInt32(first) == character.value else { return false }
            self.rest.removeFirst()
            return true
        }

        mutating func digits(_ count: Int) -> Int? {
            guard self.rest.count >= count, self.rest.prefix(count).allSatisfy(ASCII.isDigit) else { return nil }
            let value = self.rest.prefix(count).reduce(0) { $0 * 10 + Int($1 - 0x30) }
            self.rest.removeFirst(count)
            return value
        }

        /// Up to nine digits, as milliseconds.
        mutating func fraction() -> Int? {
            let digits = self.rest.prefix { ASCII.isDigit($0) }
            guard (1...9).contains(digits.count) else { return nil }
            self.rest.removeFirst(digits.count)
            var padded = Array(digits.prefix(3))
            while padded.count < 3 { padded.append(0x30) }
            return padded.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }

        /// Nothing, `Z`, `±hh` or `±hh:mm`, in minutes.
        mutating func offset() -> Int? {
            if self.rest.isEmpty || self.take("Z") || self.take("z") { return 0 }
            let isNegative = self.rest.first == UInt8(ascii: "-")
            guard self.take("+") || self.take("-"), let hours = self.digits(2), hours < 24 else { return nil }
            guard !self.rest.isEmpty else { return (isNegative ? -60 : 60) * hours }
            guard self.take(":"), let minutes = self.digits(2), minutes < 60 else { return nil }
            return (isNegative ? -1 : 1) * (hours * 60 + minutes)
        }
    }
}
