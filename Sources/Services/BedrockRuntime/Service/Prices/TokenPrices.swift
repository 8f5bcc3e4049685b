internal import ServiceModel

/// AWS's prices for a model's tokens, by kind, with their source.
package struct TokenPrices: Sendable, Equatable {
    /// Kinds of tokens with separate prices; the text of an embedding counts as `input`.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case input, output, cacheRead, cacheWrite
    }

    /// Ids of models, without the prefix of an inference profile; `*` matches any characters.
    package let model: String
    /// Millionths of the list's currency per million tokens, which equals trillionths per token.
    package let microsPerMillion: [Kind: Int]
    /// The source of the price.
    package let source: String
    /// The date on which the price was recorded, `2026-11-28`.
    package let date: String
    /// Whether the price was compared with AWS's own price list.
    package let isVerified: Bool
    package let note: String?

    private static let members: Set<String> = [
        "model", "input", "output", "cacheRead", "cacheWrite", "source", "date", "verified", "note",
    ]

    init(_ entry: Document, number: Int) throws(PriceListError) {
        if let other = entry.members.first(where: { !Self.members.contains($0.name) }) {
            throw PriceListError("price \(number) has \(other.name), which is nothing that a price has")
        }
        guard let model = entry["model"]?.text, !model.isEmpty else {
            throw PriceListError("price \(number) must name a model, in which * stands for any characters")
        }
        guard let source = entry["source"]?.text, !source.isEmpty, let date = entry["date"]?.text,
            PriceList.isDay(date)
        else { throw PriceListError("price \(number) must have a source, and a date such as 2026-11-28") }
        guard case .boolean(let isVerified)? = entry["verified"] else {
            throw PriceListError("verified of price \(number) must be true or false")
        }
        var prices: [Kind: Int] = [:]
        for kind in Kind.allCases {
            guard let value = entry[kind.rawValue] else { continue }
            guard let micros = Self.micros(value.text ?? value.numberText ?? "") else {
                throw PriceListError(
                    "\(kind.rawValue) of price \(number) must be a decimal number with at most six places, "
                        + "such as 0.035")
            }
            prices[kind] = micros
        }
        guard !prices.isEmpty else { throw PriceListError("price \(number) has no price in it") }
        self.model = model
        self.microsPerMillion = prices
        self.source = source
        self.date = date
        self.isVerified = isVerified
        self.note = entry["note"]?.text
    }

    /// Parses `0.035` to 35,000; nil for an invalid number, and for a million or more.
    private static func micros(_ text: String) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = parts.first, (1...6).contains(whole.utf8.count) else { return nil }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard parts.count == 1 || (1...6).contains(fraction.utf8.count),
            (whole + fraction).utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        let padded = fraction + String(repeating: "0", count: 6 - fraction.utf8.count)
        return Int(whole + padded)
    }
}

/// The cost of some usage at AWS's prices.
package struct UsageCost: Sendable, Equatable {
    /// Trillionths of the currency, for all tokens with a known price.
    package var trillionths = 0
    /// Kinds of used tokens without a known price, which the sum does not include.
    package var unknown: [TokenPrices.Kind] = []

    package init(trillionths: Int = 0, unknown: [TokenPrices.Kind] = []) {
        self.trillionths = trillionths
        self.unknown = unknown
    }

    /// The sum, rounded to six decimal places: `1.234568`.
    package var text: String {
        let micros = self.trillionths / 1_000_000 + (self.trillionths % 1_000_000 >= 500_000 ? 1 : 0)
        let places = String(micros % 1_000_000)
        return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - places.utf8.count) + places
    }

    package static func += (left: inout UsageCost, right: UsageCost) {
        let (sum, overflows) = left.trillionths.addingReportingOverflow(right.trillionths)
        left.trillionths = overflows ? .max : sum
        left.unknown += right.unknown.filter { !left.unknown.contains($0) }
    }
}

extension TokenPrices {
    /// The cost of tokens at these prices.
    package func cost(_ totals: UsageTotals) -> UsageCost {
        var cost = UsageCost()
        let counts: [(Kind, Int)] = [
            (.input, totals.inputTokens), (.output, totals.outputTokens), (.cacheRead, totals.cacheReadTokens),
            (.cacheWrite, totals.cacheWriteTokens),
        ]
        for (kind, count) in counts where count > 0 {
            guard let micros = self.microsPerMillion[kind] else {
                cost.unknown.append(kind)
                continue
            }
            let (product, overflows) = count.multipliedReportingOverflow(by: micros)
            cost += UsageCost(trillionths: overflows ? .max : product)
        }
        return cost
    }
}
