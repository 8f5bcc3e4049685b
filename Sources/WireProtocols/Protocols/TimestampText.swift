package import Primitives
package import ServiceModel

/// The three text formats of a timestamp, shared by every protocol.
package enum TimestampText {
    /// Seconds of 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: `dateTime` cannot express times outside.
    package static let secondsRange: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    /// Appends a time in a format. Milliseconds are written only if they are not zero; HTTP dates have none.
    package static func append(_ time: Timestamp, as format: TimestampFormat, to output: inout [UInt8]) {
        switch format {
        case .epochSeconds: self.appendEpochSeconds(time, to: &output)
        case .dateTime: self.appendDateTime(CalendarDate(time), to: &output)
        case .httpDate: self.appendHTTPDate(CalendarDate(time), to: &output)
        }
    }

    package static func string(_ time: Timestamp, as format: TimestampFormat) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(32)
        self.append(time, as: format, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    private static func appendEpochSeconds(_ time: Timestamp, to output: inout [UInt8]) {
        let magnitude = time.millisecondsSinceEpoch.magnitude
        if time.millisecondsSinceEpoch < 0 { output.append(UInt8(ascii: "-")) }
        NumberText.append(magnitude / 1000, to: &output)
        var fraction = magnitude % 1000
        guard fraction != 0 else { return }
        output.append(UInt8(ascii: "."))
        var divisor: UInt64 = 100
        while fraction != 0 {
            output.append(UInt8(ascii: "0") + UInt8(fraction / divisor))
            fraction %= divisor
            divisor /= 10
        }
    }

    private static func appendDateTime(_ date: CalendarDate, to output: inout [UInt8]) {
        self.appendPadded(date.year, 4, to: &output)
        output.append(UInt8(ascii: "-"))
        self.appendPadded(date.month, 2, to: &output)
        output.append(UInt8(ascii: "-"))
        self.appendPadded(date.day, 2, to: &output)
        output.append(UInt8(ascii: "T"))
        self.appendClock(date, to: &output)
        if date.millisecond != 0 {
            output.append(UInt8(ascii: "."))
            self.appendPadded(date.millisecond, 3, to: &output)
        }
        output.append(UInt8(ascii: "Z"))
    }

    private static func appendHTTPDate(_ date: CalendarDate, to output: inout [UInt8]) {
        output.append(contentsOf: self.weekdays[date.weekdayIndex].utf8)
        output.append(contentsOf: ", ".utf8)
        self.appendPadded(date.day, 2, to: &output)
        output.append(UInt8(ascii: " "))
        output.append(contentsOf: self.months[date.month - 1].utf8)
        output.append(UInt8(ascii: " "))
        self.appendPadded(date.year, 4, to: &output)
        output.append(UInt8(ascii: " "))
        self.appendClock(date, to: &output)
        output.append(contentsOf: " GMT".utf8)
    }

    private static func appendClock(_ date: CalendarDate, to output: inout [UInt8]) {
        self.appendPadded(date.hour, 2, to: &output)
        output.append(UInt8(ascii: ":"))
        self.appendPadded(date.minute, 2, to: &output)
        output.append(UInt8(ascii: ":"))
        self.appendPadded(date.second, 2, to: &output)
    }

    private static func appendPadded(_ value: Int, _ width: Int, to output: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        var rest = max(0, value)
        while divisor > 0 {
            output.append(UInt8(ascii: "0") + UInt8(rest / divisor % 10))
            rest %= divisor
            divisor /= 10
        }
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Parses exactly the format, as AWS's servers do: no UTC offsets, no shortened ISO 8601 forms.
    /// - Returns: nil for any other text; digits beyond milliseconds are dropped.
    package static func parse(_ text: some RandomAccessCollection<UInt8>, as format: TimestampFormat) -> Timestamp? {
        switch format {
        case .epochSeconds: self.parseEpochSeconds(text)
        case .dateTime: self.parseDateTime(text)
        case .httpDate: self.parseHTTPDate(text)
        }
    }

    private static func parseEpochSeconds(_ text: some RandomAccessCollection<UInt8>) -> Timestamp? {
        guard let decimal = NumberText.decimal(text), let milliseconds = decimal.truncated(scaledBy: 3) else {
            return nil
        }
        let time = Timestamp(millisecondsSinceEpoch: milliseconds)
        return self.secondsRange.contains(time.secondsSinceEpoch) ? time : nil
    }

    private static func parseDateTime(_ text: some RandomAccessCollection<UInt8>) -> Timestamp? {
        var cursor = DateCursor(text)
        guard let year = cursor.digits(4), cursor.skip("-"), let month = cursor.digits(2), cursor.skip("-"),
            let day = cursor.digits(2), cursor.skip("T"), let clock = cursor.clock(), cursor.skip("Z"), cursor.isAtEnd
        else { return nil }
        return self.timestamp(year: year, month: month, day: day, clock)
    }

    private static func parseHTTPDate(_ text: some RandomAccessCollection<UInt8>) -> Timestamp? {
        var cursor = DateCursor(text)
        guard let weekday = cursor.letters(3), self.weekdays.contains(weekday), cursor.skip(","), cursor.skip(" "),
            let day = cursor.digits(2), cursor.skip(" "),
            let month = cursor.letters(3).flatMap({ self.months.firstIndex(of: $0) }), cursor.skip(" "),
            let year = cursor.digits(4), cursor.skip(" "), let clock = cursor.clock(), cursor.skip(" "),
            cursor.letters(3) == "GMT", cursor.isAtEnd
        else { return nil }
        return self.timestamp(year: year, month: month + 1, day: day, clock)
    }

    private static func timestamp(
        year: Int, month: Int, day: Int, _ clock: DateCursor.Clock
    ) -> Timestamp? {
        let date = CalendarDate(
            year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
            millisecond: clock.millisecond)
        return date.isValid ? date.timestamp : nil
    }
}

/// Parses a date's text from left to right.
private struct DateCursor {
    struct Clock {
        var hour: Int
        var minute: Int
        var second: Int
        var millisecond: Int
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ text: some RandomAccessCollection<UInt8>) {
        self.bytes = Array(text)
    }

    var isAtEnd: Bool { self.position == self.bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard self.position < self.bytes.count, self.bytes[self.position] == UInt8(ascii: character) else {
            return false
        }
        self.position += 1
        return true
    }

    mutating func digits(_ count: Int) -> Int? {
        guard self.bytes.count - self.position >= count else { return nil }
        var value = 0
        for byte in self.bytes[self.position..<self.position + count] {
            guard ASCII.isDigit(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        self.position += count
        return value
    }

    mutating func letters(_ count: Int) -> String? {
        guard self.bytes.count - self.position >= count else { return nil }
        let slice = self.bytes[self.position..<self.position + count]
        self.position += count
        return slice.allSatisfy(ASCII.isLetter) ? String(decoding: slice, as: UTF8.self) : nil
    }

    /// `HH:MM:SS` with an optional fraction.
    mutating func clock() -> Clock? {
        guard let hour = self.digits(2), self.skip(":"), let minute = self.digits(2), self.skip(":"),
            let second = self.digits(2), let millisecond = self.fraction()
        else { return nil }
        return Clock(hour: hour, minute: minute, second: second, millisecond: millisecond)
    }

    /// The milliseconds of `.ddd…`; zero without a fraction.
    private mutating func fraction() -> Int? {
        guard self.skip(".") else { return 0 }
        var value = 0
        var count = 0
        while self.position < self.bytes.count, ASCII.isDigit(self.bytes[self.position]) {
            if count < 3 { value = value * 10 + Int(self.bytes[self.position] - 0x30) }
            count += 1
            self.position += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 3)..<3 { value *= 10 }
        return value
    }
}
