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
        output.append(contentsOf: #"{"time":""#.utf8)
        Self.appendTime(self.time, to: &output)
        output.append(contentsOf: #"","level":""#.utf8)
        output.append(contentsOf: self.level.rawValue.utf8)
        output.append(contentsOf: #"","message":"#.utf8)
        Self.appendString(self.message, to: &output)
        let members = self.members.span
        for index in members.indices {
            output.append(UInt8(ascii: ","))
            Self.appendString(members[index].name, to: &output)
            output.append(UInt8(ascii: ":"))
            switch members[index].value {
            case .string(let text): Self.appendString(text, to: &output)
            case .integer(let number): output.append(contentsOf: String(number).utf8)
            case .boolean(let truth): output.append(contentsOf: (truth ? "true" : "false").utf8)
            }
        }
        output.append(UInt8(ascii: "}"))
        output.append(UInt8(ascii: "\n"))
    }

    private static func appendTime(_ time: Timestamp, to output: inout [UInt8]) {
        let date = CalendarDate(min(max(time, Self.times.lowerBound), Self.times.upperBound))
        func digits(_ value: Int, _ width: Int) {
            var divisor = width == 4 ? 1000 : width == 3 ? 100 : 10
            while divisor > 0 {
                output.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
        }
        digits(date.year, 4)
        output.append(UInt8(ascii: "-"))
        digits(date.month, 2)
        output.append(UInt8(ascii: "-"))
        digits(date.day, 2)
        output.append(UInt8(ascii: "T"))
        digits(date.hour, 2)
        output.append(UInt8(ascii: ":"))
        digits(date.minute, 2)
        output.append(UInt8(ascii: ":"))
        digits(date.second, 2)
        output.append(UInt8(ascii: "."))
        digits(date.millisecond, 3)
        output.append(UInt8(ascii: "Z"))
    }

    /// The times whose year has four digits; the date of a line is never beyond, however far off a clock is.
    private static let times: ClosedRange<Timestamp> = {
        let end = CalendarDate(year: 10_000, month: 1, day: 1).timestamp
        let last = Timestamp(millisecondsSinceEpoch: end.millisecondsSinceEpoch - 1)
        return CalendarDate(year: 0, month: 1, day: 1).timestamp...last
    }()

    private static func appendString(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        let bytes = text.utf8.span
        // Nearly every text stands for itself and is copied as a whole.
        if ByteScan.firstControl(in: bytes, orQuote: true) < bytes.count {
            for index in bytes.indices { Self.appendEscaped(bytes[index], to: &output) }
        } else {
            unsafe bytes.withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func appendEscaped(_ byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            output.append(UInt8(ascii: "\\"))
            output.append(byte)
        case 0..<0x20, 0x7F:
            output.append(contentsOf: #"\u00"#.utf8)
            Hex.append(CollectionOfOne(byte), to: &output)
        default:
            output.append(byte)
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
