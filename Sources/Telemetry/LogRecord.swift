package import Primitives

/// The severity of a log line.
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
package struct LogRecord: Sendable, Equatable {
    /// A member's value. Names are literals of this program; values may come from clients.
    package enum Value: Sendable, Equatable {
        case string(String)
        case integer(Int64)
        case boolean(Bool)
    }

    /// A name with its value, in the order in which they are written.
    package struct Member: Sendable, Equatable {
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

    /// The content of a line, collected.
    package init(_ line: some LogLine) {
        var members = LogMemberList()
        line.tell(&members)
        self.init(time: line.time, level: line.level, message: line.message, members: members.members)
    }

    /// The line as JSON, with its line end.
    package func appendJSONLine(to output: inout [UInt8]) {
        var line = JSONLine(behind: &output, self.time, self.level, self.message)
        for member in self.members { line.member(member) }
        line.end(&output)
    }
}

/// Where log lines go. Never blocks the caller.
package protocol LogSink: Sendable {
    func write(_ record: LogRecord)
    /// As `write` of a record, for lines that every request has: no record is made of them.
    func write(_ line: some LogLine)
}

extension LogSink {
    package func write(_ line: some LogLine) {
        self.write(LogRecord(line))
    }
}

/// Discards every line; for tests and tools.
package struct DiscardingLogSink: LogSink {
    package init() {}

    package func write(_ record: LogRecord) {}
}
