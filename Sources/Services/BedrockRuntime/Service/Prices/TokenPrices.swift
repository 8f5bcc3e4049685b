internal import ServiceModel

/// What AWS asks for a model's tokens, by kind, and how well that is known.
package struct TokenPrices: Sendable, Hashable {
    /// Kinds of tokens that have a price each; an embedding's text is `input`.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case input, output, cacheRead, cacheWrite
    }

    /// Ids of models, without the prefix of an inference profile; `*` stands for any characters.
    package let model: String
    /// Millionths of the list's currency for a million tokens: trillionths of it for one.
    package let microsPerMillion: [Kind: Int]
    /// Where the price is from.
    package let source: String
    /// The day on which it was noted, `2026-11-28`.
    package let date: String
    /// Whether somebody has compared it with AWS's own price list.
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

    /// `0.035` as 35,000; nil for what is no such number, and for a million and more.
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

/// What some usage would have cost.
package struct UsageCost: Sendable, Hashable {
    /// Trillionths of the currency, of all tokens whose price is known.
    package var trillionths = 0
    /// Kinds of which there were tokens and is no price: the sum is without them.
    package var unknown: [TokenPrices.Kind] = []

    package init(trillionths: Int = 0, unknown: [TokenPrices.Kind] = []) {
        self.trillionths = trillionths
        self.unknown = unknown
    }

    /// The sum with six places, rounded: `1.234568`.
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
    /// What tokens would have cost.
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
