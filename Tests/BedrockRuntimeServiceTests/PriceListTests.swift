import BedrockRuntimeService
import Testing

/// What usage would have cost at AWS.
struct PriceListTests {
    private func list(_ prices: String) throws -> PriceList {
        let text = """
            {"version": 1, "date": "2026-11-28", "currency": "USD", "region": "us-east-1", "prices": [\(prices)]}
            """
        return try PriceList(json: Array(text.utf8))
    }

    private func fault(_ text: String) -> String? {
        do {
            _ = try PriceList(json: Array(text.utf8))
            return nil
        } catch {
            return error.sentence
        }
    }

    private static let rest = #""source": "s", "date": "2026-01-01", "verified": false"#

    @Test func `tokens cost by their kind, to the trillionth`() throws {
        let list = try self.list(
            #"{"model": "a.*", "input": "0.035", "output": 0.14, "cacheRead": "1", "cacheWrite": "2.5", \#(Self.rest)}"#
        )
        let prices = try #require(list.prices(of: "a.b-v1:0"))
        let totals = UsageTotals(
            invocations: 1, inputTokens: 3, outputTokens: 1_000_000, cacheReadTokens: 2, cacheWriteTokens: 4)
        let cost = prices.cost(totals)
        #expect(cost.trillionths == 3 * 35_000 + 140_000_000_000 + 2_000_000 + 10_000_000)
        #expect(cost.text == "0.140012" && cost.unknown.isEmpty)
        #expect(list.prices(of: "b.a") == nil)
    }

    @Test func `what has no price is said, and no sum is below what is known`() throws {
        let list = try self.list(#"{"model": "a", "input": "1", \#(Self.rest)}"#)
        let prices = try #require(list.prices(of: "a"))
        let totals = UsageTotals(inputTokens: 1_000_000, outputTokens: 5, cacheReadTokens: 7)
        #expect(prices.cost(totals) == UsageCost(trillionths: 1_000_000_000_000, unknown: [.output, .cacheRead]))
        #expect(prices.cost(UsageTotals(inputTokens: 1)).unknown.isEmpty)
        #expect(prices.cost(UsageTotals(inputTokens: .max)).trillionths == .max)
    }

    @Test(
        arguments: [
            (0, "0.000000"), (499_999, "0.000000"), (500_000, "0.000001"), (1_500_000_000_000, "1.500000"),
            (999_999_500_000, "1.000000"),
        ] as [(Int, String)])
    func `a sum has six places`(trillionths: Int, text: String) {
        #expect(UsageCost(trillionths: trillionths).text == text)
    }

    @Test func `the list that Brume comes with can be read, and says that it was not verified`() throws {
        let list = try PriceList(json: Array(PriceList.standardText.utf8))
        #expect(list.prices.count > 10 && list.prices.allSatisfy { !$0.isVerified && !$0.source.isEmpty })
        #expect(list.prices(of: "anthropic.claude-sonnet-4-5-20250929-v1:0")?.microsPerMillion[.output] == 15_000_000)
        #expect(list.prices(of: "amazon.titan-embed-text-v2:0")?.microsPerMillion[.output] == nil)
        #expect(list.prices(of: "brume.echo") == nil)
    }

    @Test(
        arguments: [
            ("[]", "it is no JSON object"), (#"{"version": 2}"#, "its version is not 1"),
            (#"{"version": 1, "currency": "EUR"}"#, "its currency must be USD"),
            (
                #"{"version": 1, "currency": "USD", "date": "today"}"#,
                "it must have a date such as 2026-11-28, and a region"
            ),
            (
                #"{"version": 1, "currency": "USD", "date": "2026-11-28", "region": "x"}"#,
                "it must have a list named prices"
            ),
        ] as [(String, String)])
    func `a list that is none is refused`(text: String, sentence: String) {
        #expect(self.fault(text) == sentence)
    }

    @Test(arguments: [
        #"{"input": "1", \#(rest)}"#, #"{"model": "a", \#(rest)}"#, #"{"model": "a", "input": "-1", \#(rest)}"#,
        #"{"model": "a", "input": "1e3", \#(rest)}"#, #"{"model": "a", "input": "1.1234567", \#(rest)}"#,
        #"{"model": "a", "input": "1"}"#, #"{"model": "a", "input": "1", "x": 1, \#(rest)}"#,
    ])
    func `a price that is none is refused`(price: String) {
        #expect(throws: PriceListError.self) { try self.list(price) }
    }
}
