internal import BedrockRuntimeService
internal import Primitives

/// One row of `brume usage`: the recorded usage of a Bedrock model.
package struct UsageRow: Sendable, Hashable {
    /// The day, such as `2026-11-28`; nil when days are summed up.
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
    /// The price at AWS; nil if the price list does not have the model.
    package var cost: UsageRowCost?
}

/// What a row would have cost at AWS, by a price list.
package struct UsageRowCost: Sendable, Hashable {
    /// US dollars with six decimal places.
    package var amount: String
    /// Kinds of tokens that were used but have no price; `amount` does not include them.
    package var unknown: [String]
    package var isVerified: Bool
    /// The model id pattern of the price list's entry.
    package var model: String
    package var source: String
    package var date: String

    init(_ prices: TokenPrices, _ row: UsageRow) {
        let cost = prices.cost(
            UsageTotals(
                inputTokens: row.inputTokens, outputTokens: row.outputTokens, cacheReadTokens: row.cacheReadTokens,
                cacheWriteTokens: row.cacheWriteTokens))
        self.amount = cost.text
        self.unknown = cost.unknown.map(\.rawValue)
        self.isVerified = prices.isVerified
        self.model = prices.model
        self.source = prices.source
        self.date = prices.date
    }
}

/// A price list to multiply usage by.
package struct UsagePriceList: Sendable {
    package var date: String
    package var region: String
    /// The path of its file, or a note that it is the built-in list.
    package var origin: String
    fileprivate var list: PriceList

    /// The built-in list, as a starting point for a list of one's own.
    package static let standardText = PriceList.standardText
}

/// Reads the usage of a data directory, whether or not a server runs on it.
package enum UsageReport {
    /// Rows sorted by day, account, principal and model; unless `byDay`, days are summed up.
    package static func rows(_ configuration: Configuration, byDay: Bool, _ prices: UsagePriceList) -> [UsageRow] {
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
        for index in rows.indices {
            guard let price = prices.list.prices(of: rows[index].model) else { continue }
            rows[index].cost = UsageRowCost(price, rows[index])
        }
        return rows.sorted { left, right in
            (left.day ?? "", left.account, left.principal, left.model)
                < (right.day ?? "", right.account, right.principal, right.model)
        }
    }

    /// The price list to use: `file`, else `prices.json` of the data directory, else the built-in one.
    package static func prices(
        _ configuration: Configuration, file: String?
    ) throws(StartError) -> UsagePriceList {
        let own = DataDirectory(path: configuration.dataDirectory).prices
        let path = file ?? (Files.facts(own) == nil ? nil : own)
        let bytes: [UInt8]
        do throws(FileError) {
            if let path {
                bytes = try Files.read(path, bytesMax: PriceList.fileBytesMax)
            } else {
                bytes = Array(PriceList.standardText.utf8)
            }
        } catch {
            throw StartError(.configuration, "the price list \(path ?? "") cannot be read: \(error.sentence)")
        }
        do throws(PriceListError) {
            let list = try PriceList(json: bytes)
            return UsagePriceList(
                date: list.date, region: list.region, origin: path ?? "Brume's built-in list", list: list)
        } catch {
            throw StartError(.configuration, "the price list \(path ?? "") cannot be used: \(error.sentence)")
        }
    }
}
