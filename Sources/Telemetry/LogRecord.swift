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

    /// What a line says, kept.
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
    /// The same for a line that many requests have, of which nothing is made that is not written.
    func write(_ line: some LogLine)
}

extension LogSink {
    package func write(_ line: some LogLine) {
        self.write(LogRecord(line))
    }
}

/// Forgets every line; for tests and tools.
package struct DiscardingLogSink: LogSink {
    package init() {}

    package func write(_ record: LogRecord) {}
}
