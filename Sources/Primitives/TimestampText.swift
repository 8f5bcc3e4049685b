/// Points of time as text: the three formats of the AWS protocols, written and read over UTF-8 without a locale.
///
/// Only years 0 to 9999 are read, so that what was read can be written in every format.
package enum TimestampText {
    private static let secondsMin: Int64 = -62_167_219_200
    private static let secondsMax: Int64 = 253_402_300_799
    private static let weekdayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `1985-04-12T23:20:50.52Z`; the fraction only where there is one, without trailing zeros.
    package static func appendDateTime(_ timestamp: Timestamp, to output: inout [UInt8]) {
        let date = CalendarDate(timestamp)
        self.append(date.year, digits: 4, to: &output)
        output.append(UInt8(ascii: "-"))
        self.append(date.month, digits: 2, to: &output)
        output.append(UInt8(ascii: "-"))
        self.append(date.day, digits: 2, to: &output)
        output.append(UInt8(ascii: "T"))
        self.appendTimeOfDay(date, to: &output)
        self.appendFraction(date.millisecond, to: &output)
        output.append(UInt8(ascii: "Z"))
    }

    /// `Tue, 29 Apr 2014 18:30:38 GMT`; milliseconds are dropped.
    package static func appendHTTPDate(_ timestamp: Timestamp, to output: inout [UInt8]) {
        let date = CalendarDate(timestamp)
        output.append(contentsOf: self.weekdayNames[date.weekdayIndex].utf8)
        output.append(contentsOf: ", ".utf8)
        self.append(date.day, digits: 2, to: &output)
        output.append(UInt8(ascii: " "))
        output.append(contentsOf: self.monthNames[date.month - 1].utf8)
        output.append(UInt8(ascii: " "))
        self.append(date.year, digits: 4, to: &output)
        output.append(UInt8(ascii: " "))
        self.appendTimeOfDay(date, to: &output)
        output.append(contentsOf: " GMT".utf8)
    }

    /// `1398796238` or `1398796238.123`.
    package static func appendEpochSeconds(_ timestamp: Timestamp, to output: inout [UInt8]) {
        let milliseconds = timestamp.millisecondsSinceEpoch
        if milliseconds < 0 { output.append(UInt8(ascii: "-")) }
        output.append(contentsOf: (milliseconds.magnitude / 1000).description.utf8)
        self.appendFraction(Int(milliseconds.magnitude % 1000), to: &output)
    }

    /// RFC 3339's `date-time` with upper-case `T` and `Z`; digits beyond milliseconds are dropped.
    /// - Parameter allowsOffset: whether `+01:00` may stand for `Z`.
    package static func dateTime(_ text: Span<UInt8>, allowsOffset: Bool = false) -> Timestamp? {
        var scanner = Scanner(text)
        guard let year = scanner.number(digits: 4), scanner.take("-"), let month = scanner.number(digits: 2),
            scanner.take("-"), let day = scanner.number(digits: 2), scanner.take("T"),
            let time = scanner.timeOfDay()
        else { return nil }
        var date = CalendarDate(
            year: year, month: month, day: day, hour: time.hour, minute: time.minute, second: time.second)
        guard date.isValid, let millisecond = scanner.fraction() else { return nil }
        date.millisecond = millisecond
        var offsetMinutes = 0
        if !scanner.take("Z") {
            guard allowsOffset else { return nil }
            let isNegative = scanner.take("-")
            guard isNegative || scanner.take("+"), let hours = scanner.number(digits: 2), hours < 24,
                scanner.take(":"), let minutes = scanner.number(digits: 2), minutes < 60
            else { return nil }
            offsetMinutes = (hours * 60 + minutes) * (isNegative ? -1 : 1)
        }
        guard scanner.isAtEnd else { return nil }
        let shift = Int64(offsetMinutes) * 60_000
        return self.inRange(milliseconds: date.timestamp.millisecondsSinceEpoch - shift)
    }

    /// RFC 9110's IMF-fixdate, with a fraction of the second allowed as Smithy says.
    package static func httpDate(_ text: Span<UInt8>) -> Timestamp? {
        var scanner = Scanner(text)
        guard scanner.name(of: self.weekdayNames) != nil, scanner.take(","), scanner.take(" "),
            let day = scanner.number(digits: 2), scanner.take(" "),
            let month = scanner.name(of: self.monthNames), scanner.take(" "),
            let year = scanner.number(digits: 4), scanner.take(" "), let time = scanner.timeOfDay()
        else { return nil }
        var date = CalendarDate(
            year: year, month: month + 1, day: day, hour: time.hour, minute: time.minute, second: time.second)
        guard date.isValid, let millisecond = scanner.fraction(),
            scanner.take(" "), scanner.take("G"), scanner.take("M"), scanner.take("T"), scanner.isAtEnd
        else { return nil }
        date.millisecond = millisecond
        return date.timestamp
    }

    /// Seconds since 1970 as a decimal number; digits beyond milliseconds are dropped.
    package static func epochSeconds(_ text: Span<UInt8>) -> Timestamp? {
        guard NumberText.isDecimal(text) else { return nil }
        for index in text.indices where text[index] | 0x20 == UInt8(ascii: "e") {
            return NumberText.double(text).flatMap(self.epochSeconds)
        }
        var scanner = Scanner(text)
        let isNegative = scanner.take("-")
        guard let seconds = scanner.digits(max: 12), let millisecond = scanner.fraction(), scanner.isAtEnd else {
            return nil
        }
        let magnitude = seconds * 1000 + Int64(millisecond)
        return self.inRange(milliseconds: isNegative ? -magnitude : magnitude)
    }

    /// Seconds since 1970, rounded to milliseconds; nil outside years 0 to 9999 and for NaN.
    package static func epochSeconds(_ seconds: Double) -> Timestamp? {
        guard seconds > -1e12, seconds < 1e12 else { return nil }
        return self.inRange(milliseconds: Int64((seconds * 1000).rounded()))
    }

    /// Whole seconds since 1970; nil outside years 0 to 9999.
    package static func epochSeconds(_ seconds: Int64) -> Timestamp? {
        (self.secondsMin...self.secondsMax).contains(seconds) ? Timestamp(secondsSinceEpoch: seconds) : nil
    }

    private static func inRange(milliseconds: Int64) -> Timestamp? {
        let range = self.secondsMin * 1000...self.secondsMax * 1000 + 999
        return range.contains(milliseconds) ? Timestamp(millisecondsSinceEpoch: milliseconds) : nil
    }

    private static func appendTimeOfDay(_ date: CalendarDate, to output: inout [UInt8]) {
        self.append(date.hour, digits: 2, to: &output)
        output.append(UInt8(ascii: ":"))
        self.append(date.minute, digits: 2, to: &output)
        output.append(UInt8(ascii: ":"))
        self.append(date.second, digits: 2, to: &output)
    }

    private static func appendFraction(_ millisecond: Int, to output: inout [UInt8]) {
        guard millisecond > 0 else { return }
        output.append(UInt8(ascii: "."))
        self.append(millisecond, digits: 3, to: &output)
        while output.last == UInt8(ascii: "0") { output.removeLast() }
    }

    private static func append(_ value: Int, digits: Int, to output: inout [UInt8]) {
        let text = value.magnitude.description.utf8
        for _ in 0..<max(0, digits - text.count) { output.append(UInt8(ascii: "0")) }
        output.append(contentsOf: text)
    }

    /// Reads a date's parts from left to right.
    private struct Scanner {
        /// No date is longer; the rest of a longer text stands for itself as what does not belong.
        private static let textBytesMax = 64

        private let text: [UInt8]
        private var index = 0

        init(_ text: Span<UInt8>) {
            var copy: [UInt8] = []
            copy.reserveCapacity(min(text.count, Self.textBytesMax))
            for index in 0..<min(text.count, Self.textBytesMax) { copy.append(text[index]) }
            // A text that was cut must not become a date.
            if text.count > Self.textBytesMax { copy.append(UInt8(ascii: "?")) }
            self.text = copy
        }

        var isAtEnd: Bool { self.index == self.text.count }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard self.index < self.text.count, self.text[self.index] == UInt8(ascii: character) else { return false }
            self.index += 1
            return true
        }

        mutating func number(digits: Int) -> Int? {
            guard self.text.count - self.index >= digits else { return nil }
            var value = 0
            for _ in 0..<digits {
                guard ASCII.isDigit(self.text[self.index]) else { return nil }
                value = value * 10 + Int(self.text[self.index] &- 0x30)
                self.index += 1
            }
            return value
        }

        mutating func digits(max: Int) -> Int64? {
            var value: Int64 = 0
            var count = 0
            while self.index < self.text.count, ASCII.isDigit(self.text[self.index]) {
                count += 1
                guard count <= max else { return nil }
                value = value * 10 + Int64(self.text[self.index] &- 0x30)
                self.index += 1
            }
            return count > 0 ? value : nil
        }

        mutating func timeOfDay() -> (hour: Int, minute: Int, second: Int)? {
            guard let hour = self.number(digits: 2), self.take(":"), let minute = self.number(digits: 2),
                self.take(":"), let second = self.number(digits: 2)
            else { return nil }
            return (hour, minute, second)
        }

        /// The milliseconds of an optional fraction; nil for a point without digits.
        mutating func fraction() -> Int? {
            guard self.take(".") else { return 0 }
            var value = 0
            var count = 0
            while self.index < self.text.count, ASCII.isDigit(self.text[self.index]) {
                if count < 3 { value = value * 10 + Int(self.text[self.index] &- 0x30) }
                count += 1
                self.index += 1
            }
            guard count > 0 else { return nil }
            for _ in 0..<max(0, 3 - count) { value *= 10 }
            return value
        }

        mutating func name(of names: [String]) -> Int? {
            guard self.text.count - self.index >= 3 else { return nil }
            for (position, name) in names.enumerated() {
                let matches = zip(self.index..<(self.index + 3), name.utf8).allSatisfy { self.text[$0] == $1 }
                if matches {
                    self.index += 3
                    return position
                }
            }
            return nil
        }
    }
}
