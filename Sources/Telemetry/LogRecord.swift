package import Primitives

/// How much a log line matters.
package enum LogLevel: String, Sendable, Hashable, CaseIterable, Comparable {
    case debug, info, warning, error

    private var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }

    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rank < right.rank
    }
}

/// One structured line of a log.
package struct LogRecord: Sendable, Hashable {
    /// A member of the line; the names are ours, the values may come from clients.
    package enum Value: Sendable, Hashable {
        case string(String)
        case integer(Int64)
        case boolean(Bool)
    }

    /// A name with its value, in the order of writing.
    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: Value

        package init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    package var time: Timestamp
    package var level: LogLevel
    package var message: String
    package var members: [Member]

    package init(time: Timestamp, level: LogLevel, message: String, members: [Member] = []) {
        self.time = time
        self.level = level
        self.message = message
        self.members = members
    }

    /// The line as JSON, with its line end; control characters of clients cannot break it.
    package func appendJSONLine(to output: inout [UInt8]) {
        output.append(bytesMax: self.lineBytesMax) { line in
            line.append(#"{"time":""#)
            Self.append(self.time, to: &line)
            line.append(#"","level":""#)
            line.append(self.level.rawValue.utf8.span)
            line.append(#"","message":"#)
            line.append(quoted: self.message)
            let members = self.members.span
            for index in members.indices {
                line.append(byte: UInt8(ascii: ","))
                line.append(quoted: members[index].name)
                line.append(byte: UInt8(ascii: ":"))
                switch members[index].value {
                case .string(let text): line.append(quoted: text)
                case .integer(let number): line.append(decimal: Int(number))
                case .boolean(let truth): line.append(truth ? "true" : "false")
                }
            }
            line.append("}\n")
        }
    }

    /// Room for the line, were each byte of each text written as an escape.
    private var lineBytesMax: Int {
        var bytes = 96 + self.message.utf8.count * Self.escapeBytes
        let members = self.members.span
        for index in members.indices {
            bytes += members[index].name.utf8.count * Self.escapeBytes + 8
            if case .string(let text) = members[index].value {
                bytes += text.utf8.count * Self.escapeBytes
            } else {
                bytes += 20
            }
        }
        return bytes
    }

    /// Bytes of `\u001F`, the longest that stands for one byte.
    fileprivate static let escapeBytes = 6

    private static func append(_ time: Timestamp, to line: inout ByteCursor) {
        let date = CalendarDate(min(max(time, Self.times.lowerBound), Self.times.upperBound))
        line.append(digits: date.year, width: 4)
        line.append(byte: UInt8(ascii: "-"))
        line.append(digits: date.month, width: 2)
        line.append(byte: UInt8(ascii: "-"))
        line.append(digits: date.day, width: 2)
        line.append(byte: UInt8(ascii: "T"))
        line.append(digits: date.hour, width: 2)
        line.append(byte: UInt8(ascii: ":"))
        line.append(digits: date.minute, width: 2)
        line.append(byte: UInt8(ascii: ":"))
        line.append(digits: date.second, width: 2)
        line.append(byte: UInt8(ascii: "."))
        line.append(digits: date.millisecond, width: 3)
        line.append(byte: UInt8(ascii: "Z"))
    }

    /// The times whose year has four digits; the date of a line is never beyond, however far off a clock is.
    private static let times: ClosedRange<Timestamp> = {
        let end = CalendarDate(year: 10_000, month: 1, day: 1).timestamp
        let last = Timestamp(millisecondsSinceEpoch: end.millisecondsSinceEpoch - 1)
        return CalendarDate(year: 0, month: 1, day: 1).timestamp...last
    }()
}

extension ByteCursor {
    /// A number of at least 0 with leading zeros, up to four digits.
    fileprivate mutating func append(digits number: Int, width: Int) {
        var divisor = width == 4 ? 1000 : width == 3 ? 100 : 10
        while divisor > 0 {
            self.append(byte: UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    fileprivate mutating func append(quoted text: String) {
        self.append(byte: UInt8(ascii: "\""))
        let bytes = text.utf8.span
        // Nearly every text stands for itself and is copied as a whole.
        if ByteScan.firstControl(in: bytes, orQuote: true) == bytes.count {
            self.append(bytes)
        } else {
            for index in bytes.indices { self.append(escaped: bytes[index]) }
        }
        self.append(byte: UInt8(ascii: "\""))
    }

    private mutating func append(escaped byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            self.append(byte: UInt8(ascii: "\\"))
            self.append(byte: byte)
        case 0..<0x20, 0x7F:
            self.append(#"\u00"#)
            self.append(byte: Hex.digit(byte >> 4))
            self.append(byte: Hex.digit(byte))
        default:
            self.append(byte: byte)
        }
    }
}

/// Where log lines go. Never blocks the caller.
package protocol LogSink: Sendable {
    func write(_ record: LogRecord)
}

/// Forgets every line; for tests and tools.
package struct DiscardingLogSink: LogSink {
    package init() {}

    package func write(_ record: LogRecord) {}
}
