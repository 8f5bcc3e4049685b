package import Primitives

/// The form of time in signatures: ISO 8601's basic format in UTC, `20150830T123600Z`.
package enum AmzDate {
    /// Characters of the format.
    static let utf8Count = 16

    /// - Returns: nil unless the text is exactly `YYYYMMDD'T'HHMMSS'Z'` and the day and time exist.
    package static func parse(_ text: String) -> Timestamp? {
        let bytes = text.utf8.span
        guard bytes.count == Self.utf8Count, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else {
            return nil
        }
        guard let year = self.number(bytes, 0..<4), let month = self.number(bytes, 4..<6),
            let day = self.number(bytes, 6..<8), let hour = self.number(bytes, 9..<11),
            let minute = self.number(bytes, 11..<13), let second = self.number(bytes, 13..<15)
        else { return nil }
        let date = CalendarDate(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        return date.isValid ? date.timestamp : nil
    }

    /// The text of a time of the years 0 to 9999; milliseconds are dropped.
    package static func format(_ time: Timestamp) -> String {
        let date = CalendarDate(time)
        var output: [UInt8] = []
        output.reserveCapacity(Self.utf8Count)
        self.append(date.year, digits: 4, to: &output)
        self.append(date.month, digits: 2, to: &output)
        self.append(date.day, digits: 2, to: &output)
        output.append(UInt8(ascii: "T"))
        self.append(date.hour, digits: 2, to: &output)
        self.append(date.minute, digits: 2, to: &output)
        self.append(date.second, digits: 2, to: &output)
        output.append(UInt8(ascii: "Z"))
        return String(decoding: output, as: UTF8.self)
    }

    /// Reads the form of HTTP's `Date` header, `Sun, 30 Aug 2015 12:36:00 GMT`; the name of the weekday is not checked.
    static func parseHTTPDate(_ text: String) -> Timestamp? {
        let bytes = text.utf8.span
        guard bytes.count == 29, text.hasSuffix(" GMT"), bytes[3] == UInt8(ascii: ","), bytes[4] == 0x20,
            bytes[7] == 0x20, bytes[11] == 0x20, bytes[16] == 0x20, bytes[19] == UInt8(ascii: ":"),
            bytes[22] == UInt8(ascii: ":")
        else { return nil }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard let day = self.number(bytes, 5..<7),
            let month = months.firstIndex(where: { $0.utf8.elementsEqual(text.utf8.dropFirst(8).prefix(3)) }),
            let year = self.number(bytes, 12..<16), let hour = self.number(bytes, 17..<19),
            let minute = self.number(bytes, 20..<22), let second = self.number(bytes, 23..<25)
        else { return nil }
        let date = CalendarDate(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
        return date.isValid ? date.timestamp : nil
    }

    private static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var value = 0
        for index in range {
            guard ASCII.isDigit(bytes[index]) else { return nil }
            value = value * 10 + Int(bytes[index] &- 0x30)
        }
        return value
    }

    private static func append(_ value: Int, digits: Int, to output: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        for _ in 0..<digits {
            output.append(UInt8(truncatingIfNeeded: 0x30 + value / divisor % 10))
            divisor /= 10
        }
    }
}
