/// A UTC calendar date and time of day in the proleptic Gregorian calendar, without any locale.
///
/// - Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil` and `civil_from_days`.
package struct CalendarDate: Sendable, Equatable {
    package var year: Int
    /// 1...12
    package var month: Int
    /// 1...31
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int
    package var millisecond: Int

    package init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, millisecond: Int = 0
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.millisecond = millisecond
    }

    package init(_ timestamp: Timestamp) {
        let seconds = timestamp.secondsSinceEpoch
        let days = seconds.flooredQuotient(86_400)
        let ofDay = Int(seconds - days * 86_400)
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = Int(shifted - era * 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        self.month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        self.year = yearOfEra + Int(era) * 400 + (self.month <= 2 ? 1 : 0)
        self.hour = ofDay / 3600
        self.minute = ofDay / 60 % 60
        self.second = ofDay % 60
        self.millisecond = Int(timestamp.millisecondsSinceEpoch - seconds * 1000)
    }

    /// Days since 1970-01-01.
    package var daysSinceEpoch: Int64 {
        let year = Int64(self.month <= 2 ? self.year - 1 : self.year)
        let era = year.flooredQuotient(400)
        let yearOfEra = year - era * 400
        let monthIndex = Int64(self.month > 2 ? self.month - 3 : self.month + 9)
        let dayOfYear = (153 * monthIndex + 2) / 5 + Int64(self.day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    package var timestamp: Timestamp {
        let seconds = self.daysSinceEpoch * 86_400 + Int64(self.hour * 3600 + self.minute * 60 + self.second)
        return Timestamp(millisecondsSinceEpoch: seconds * 1000 + Int64(self.millisecond))
    }

    /// Whether month, day and time of day exist. A leap second (:60) is valid and counts as the second after :59.
    package var isValid: Bool {
        guard (1...12).contains(self.month), (0...23).contains(self.hour), (0...59).contains(self.minute),
            (0...59).contains(self.second), (0...999).contains(self.millisecond), (0...9999).contains(self.year)
        else { return false }
        return (1...Self.dayCount(year: self.year, month: self.month)).contains(self.day)
    }

    /// The number of days in a month, taking leap years into account.
    package static func dayCount(year: Int, month: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// 0 = Sunday ... 6 = Saturday.
    package var weekdayIndex: Int {
        let remainder = (self.daysSinceEpoch + 4) % 7
        return Int(remainder < 0 ? remainder + 7 : remainder)
    }
}
