internal import Inference
internal import ServiceModel
internal import WireProtocols

/// AWS's prices for the tokens of its models: a file that users keep up to date, since prices change.
package struct PriceList: Sendable, Equatable {
    /// The version of the file format.
    static let version = 1
    static let currency = "USD"
    /// The limit on the size of a file.
    package static let fileBytesMax = 1 << 20

    /// The day on which the list was compiled.
    package let date: String
    /// The AWS region of the prices, such as `us-east-1`.
    package let region: String
    /// The first entry that matches an id applies.
    package let prices: [TokenPrices]

    /// Parses a list; throws a sentence about the first error.
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

    /// The prices of a model's tokens; nil when the list does not contain the model.
    package func prices(of model: String) -> TokenPrices? {
        self.prices.first { ModelAlias.fits(model, pattern: $0.model) }
    }

    /// Whether a text is a date in the form `2026-11-28`.
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

/// A sentence about why a price list cannot be used.
package struct PriceListError: Error, Sendable, Equatable {
    package let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}
