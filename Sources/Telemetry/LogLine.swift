package import Primitives

/// A line of a log, which names its members one by one.
package protocol LogLine {
    var time: Timestamp { get }
    var level: LogLevel { get }
    var message: String { get }

    /// Calls `members` for each member, in the order in which they are written.
    func tell(_ members: inout some LogMembers)
}

extension LogLine {
    /// The line as JSON, with its line end.
    package func appendJSONLine(to output: inout [UInt8]) {
        var line = JSONLine(behind: &output, self.time, self.level, self.message)
        self.tell(&line)
        line.end(&output)
    }
}

/// Receives the members of a line. Names are literals of this program; texts may come from clients.
package protocol LogMembers {
    mutating func member(_ name: StaticString, _ text: String)
    mutating func member(_ name: StaticString, _ number: Int64)
    mutating func member(_ name: StaticString, _ truth: Bool)
    mutating func part(_ part: LogPart)
}

/// Collects the members.
struct LogMemberList: LogMembers {
    private(set) var members: [LogRecord.Member] = []

    mutating func member(_ name: StaticString, _ text: String) {
        self.members.append(.init(name.description, .string(text)))
    }

    mutating func member(_ name: StaticString, _ number: Int64) {
        self.members.append(.init(name.description, .integer(number)))
    }

    mutating func member(_ name: StaticString, _ truth: Bool) {
        self.members.append(.init(name.description, .boolean(truth)))
    }

    mutating func part(_ part: LogPart) {
        self.members += part.members
    }
}

/// Appends a line as JSON to a buffer; control characters are escaped, so a client cannot forge a line.
struct JSONLine: LogMembers {
    private var bytes: [UInt8]

    /// Takes the buffer `lines`, which `end` gives back: copying it for each line would cost more than the rest of a
    /// request.
    init(behind lines: inout [UInt8], _ time: Timestamp, _ level: LogLevel, _ message: String) {
        self.bytes = []
        swap(&self.bytes, &lines)
        self.bytes.append(bytesMax: Self.headBytesMax + message.utf8.count * Self.escapeBytes) { line in
            line.append(#"{"time":""#)
            Self.append(time, to: &line)
            line.append(#"","level":""#)
            line.append(level.rawValue.utf8.span)
            line.append(#"","message":"#)
            line.append(quoted: message.utf8.span)
        }
    }

    /// Ends the line, and gives the buffer back.
    mutating func end(_ lines: inout [UInt8]) {
        self.bytes.append(bytesMax: 2) { $0.append("}\n") }
        swap(&self.bytes, &lines)
    }

    mutating func member(_ name: StaticString, _ text: String) {
        let text = text.utf8.span
        self.bytes.append(bytesMax: Self.nameBytesMax(name) + text.count * Self.escapeBytes + 2) { line in
            line.append(name: name)
            line.append(quoted: text)
        }
    }

    mutating func member(_ name: StaticString, _ number: Int64) {
        self.bytes.append(bytesMax: Self.nameBytesMax(name) + Self.numberBytesMax) { line in
            line.append(name: name)
            line.append(decimal: Int(number))
        }
    }

    mutating func member(_ name: StaticString, _ truth: Bool) {
        self.bytes.append(bytesMax: Self.nameBytesMax(name) + Self.numberBytesMax) { line in
            line.append(name: name)
            line.append(truth ? "true" : "false")
        }
    }

    mutating func part(_ part: LogPart) {
        self.bytes.append(contentsOf: part.json)
    }

    /// Members as they are written in a line, each with the comma before it.
    static func members(_ members: [LogRecord.Member]) -> [UInt8] {
        var line = JSONLine()
        for member in members { line.member(member) }
        return line.bytes
    }

    private init() {
        self.bytes = []
    }

    /// A member whose name is only known at run time.
    mutating func member(_ member: LogRecord.Member) {
        let name = member.name.utf8.span
        self.bytes.append(bytesMax: name.count * Self.escapeBytes + 4) { line in
            line.append(byte: UInt8(ascii: ","))
            line.append(quoted: name)
            line.append(byte: UInt8(ascii: ":"))
        }
        switch member.value {
        case .string(let text):
            let text = text.utf8.span
            self.bytes.append(bytesMax: text.count * Self.escapeBytes + 2) { $0.append(quoted: text) }
        case .integer(let number):
            self.bytes.append(bytesMax: Self.numberBytesMax) { $0.append(decimal: Int(number)) }
        case .boolean(let truth):
            self.bytes.append(bytesMax: Self.numberBytesMax) { $0.append(truth ? "true" : "false") }
        }
    }

    /// The bytes of a line before its message.
    private static let headBytesMax = 96
    /// The bytes of `\u001F`, the longest escape of one byte.
    private static let escapeBytes = 6
    /// The bytes of the longest number.
    private static let numberBytesMax = 20

    /// Names are literals and need no escapes: quotes, a comma and a colon are added.
    private static func nameBytesMax(_ name: StaticString) -> Int { name.utf8CodeUnitCount + 4 }

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

    /// Times whose year has four digits; others are clamped to this range, however wrong a clock is.
    private static let times: ClosedRange<Timestamp> = {
        let end = CalendarDate(year: 10_000, month: 1, day: 1).timestamp
        let last = Timestamp(millisecondsSinceEpoch: end.millisecondsSinceEpoch - 1)
        return CalendarDate(year: 0, month: 1, day: 1).timestamp...last
    }()
}

extension ByteCursor {
    /// A non-negative number with leading zeros, up to four digits.
    fileprivate mutating func append(digits number: Int, width: Int) {
        var divisor = width == 4 ? 1000 : width == 3 ? 100 : 10
        while divisor > 0 {
            self.append(byte: UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    /// A member's name with the punctuation around it.
    fileprivate mutating func append(name: StaticString) {
        self.append(byte: UInt8(ascii: ","))
        self.append(byte: UInt8(ascii: "\""))
        self.append(name)
        self.append(byte: UInt8(ascii: "\""))
        self.append(byte: UInt8(ascii: ":"))
    }

    fileprivate mutating func append(quoted bytes: Span<UInt8>) {
        self.append(byte: UInt8(ascii: "\""))
        // Nearly every text needs no escapes and is copied as a whole.
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
