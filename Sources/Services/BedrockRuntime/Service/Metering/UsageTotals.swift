package import Primitives

/// Whose usage of which model on which day.
package struct UsageKey: Sendable, Hashable {
    /// Longest name of a principal or a model that is kept, in bytes.
    static let nameBytesMax = 512

    /// `2026-11-28`, in UTC.
    package let day: String
    package let account: String
    package let principal: String
    package let model: String

    package init(time: Timestamp, account: String, principal: String, model: String) {
        let date = CalendarDate(time)
        func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
        self.init(
            day: "\(date.year)-\(padded(date.month))-\(padded(date.day))", account: account, principal: principal,
            model: model)
    }

    init(day: String, account: String, principal: String, model: String) {
        self.day = day
        self.account = account
        self.principal = Self.plain(principal)
        self.model = Self.plain(model)
    }

    /// A name without what would break its line.
    private static func plain(_ name: String) -> String {
        let bytes = name.utf8.prefix(self.nameBytesMax).map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What was used.
package struct UsageTotals: Sendable, Equatable {
    package var invocations = 0
    package var inputTokens = 0
    package var outputTokens = 0
    package var cacheReadTokens = 0
    package var cacheWriteTokens = 0
    /// Of the invocations, those that were answered by what was kept from before.
    package var keptResponses = 0

    package init(
        invocations: Int = 0, inputTokens: Int = 0, outputTokens: Int = 0, cacheReadTokens: Int = 0,
        cacheWriteTokens: Int = 0, keptResponses: Int = 0
    ) {
        self.invocations = invocations
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cacheReadTokens = cacheReadTokens
        self.cacheWriteTokens = cacheWriteTokens
        self.keptResponses = keptResponses
    }

    package static func += (left: inout UsageTotals, right: UsageTotals) {
        left.invocations &+= right.invocations
        left.inputTokens &+= right.inputTokens
        left.outputTokens &+= right.outputTokens
        left.cacheReadTokens &+= right.cacheReadTokens
        left.cacheWriteTokens &+= right.cacheWriteTokens
        left.keptResponses &+= right.keptResponses
    }
}

/// One line of the usage files: key and totals, separated by tabs.
enum UsageLine {
    static func text(_ key: UsageKey, _ totals: UsageTotals) -> String {
        let numbers = [
            totals.invocations, totals.inputTokens, totals.outputTokens, totals.cacheReadTokens,
            totals.cacheWriteTokens, totals.keptResponses,
        ]
        let names = [key.day, key.account, key.principal, key.model]
        return (names + numbers.map { String($0) }).joined(separator: "\t") + "\n"
    }

    /// Returns nil for what is no such line; older ones have a number less.
    static func parse(_ line: Substring) -> (UsageKey, UsageTotals)? {
        let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        let numbers = parts.dropFirst(4).compactMap { Int($0) }
        guard (9...10).contains(parts.count), numbers.count == parts.count - 4, numbers.allSatisfy({ $0 >= 0 })
        else { return nil }
        return (
            UsageKey(day: parts[0], account: parts[1], principal: parts[2], model: parts[3]),
            UsageTotals(
                invocations: numbers[0], inputTokens: numbers[1], outputTokens: numbers[2], cacheReadTokens: numbers[3],
                cacheWriteTokens: numbers[4], keptResponses: numbers.count > 5 ? numbers[5] : 0)
        )
    }
}
