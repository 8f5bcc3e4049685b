internal import BedrockRuntimeService

/// What was used of Bedrock's models, as `brume usage` shows it.
package struct UsageRow: Sendable, Hashable {
    /// `2026-11-28`; nil where days are added up.
    package var day: String?
    package var account: String
    package var principal: String
    package var model: String
    package var invocations = 0
    package var inputTokens = 0
    package var outputTokens = 0
    package var cacheReadTokens = 0
    package var cacheWriteTokens = 0
    package var keptResponses = 0
}

/// Reads the usage of a data directory, whether a server runs on it or not.
package enum UsageReport {
    /// Rows in the order of day, account, principal and model; `byDay` keeps days apart.
    package static func rows(_ configuration: Configuration, byDay: Bool) -> [UsageRow] {
        let directory = DataDirectory(path: configuration.dataDirectory).usage
        var rows: [UsageRow] = []
        var places: [UsageRow: Int] = [:]
        for (key, totals) in UsageLedger.read(directory: directory) {
            let empty = UsageRow(
                day: byDay ? key.day : nil, account: key.account, principal: key.principal, model: key.model)
            let place = places[empty] ?? rows.count
            if place == rows.count {
                places[empty] = place
                rows.append(empty)
            }
            rows[place].invocations &+= totals.invocations
            rows[place].inputTokens &+= totals.inputTokens
            rows[place].outputTokens &+= totals.outputTokens
            rows[place].cacheReadTokens &+= totals.cacheReadTokens
            rows[place].cacheWriteTokens &+= totals.cacheWriteTokens
            rows[place].keptResponses &+= totals.keptResponses
        }
        return rows.sorted { left, right in
            (left.day ?? "", left.account, left.principal, left.model)
                < (right.day ?? "", right.account, right.principal, right.model)
        }
    }
}
