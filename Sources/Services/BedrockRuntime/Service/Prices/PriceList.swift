internal import Inference
internal import ServiceModel
internal import WireProtocols

/// What AWS asks for the tokens of its models: a file that people keep up to date, since no price is for ever.
package struct PriceList: Sendable, Hashable {
    /// What the file is written in.
    static let version = 1
    static let currency = "USD"
    /// Bytes of a file at most.
    package static let fileBytesMax = 1 << 20

    /// The day on which the list was put together.
    package let date: String
    /// Of AWS, such as `us-east-1`.
    package let region: String
    /// The first that fits an id holds.
    package let prices: [TokenPrices]

    /// Reads a list, or says what is wrong with it.
    package init(json bytes: [UInt8]) throws(PriceListError) {
        guard let document = Document(json: bytes), case .object = document else {
            throw PriceListError("it is no JSON object")
        }
        guard document["version"]?.integer == Self.version else {
            throw PriceListError("its version is not \(Self.version)")
        }
        guard document["currency"]?.text == Self.currency else {
            throw PriceListError("its currency must be \(Self.currency)")
        }
        guard let date = document["date"]?.text, Self.isDay(date), let region = document["region"]?.text else {
            throw PriceListError("it must have a date such as 2026-11-28, and a region")
        }
        guard case .array(let entries)? = document["prices"] else {
            throw PriceListError("it must have a list named prices")
        }
        var prices: [TokenPrices] = []
        for (index, entry) in entries.enumerated() { prices.append(try TokenPrices(entry, number: index + 1)) }
        self.date = date
        self.region = region
        self.prices = prices
    }

    /// What is known of a model's tokens; nil where the list does not name it.
    package func prices(of model: String) -> TokenPrices? {
        self.prices.first { ModelAlias.fits(model, pattern: $0.model) }
    }

    /// Whether a text is a day as `2026-11-28`.
    static func isDay(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 10
            && bytes.indices.allSatisfy { index in
                index == 4 || index == 7
                    ? bytes[index] == UInt8(ascii: "-")
                    : (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index])
            }
    }
}

/// Why a price list cannot be used; a sentence.
package struct PriceListError: Error, Sendable, Hashable {
    package let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}
