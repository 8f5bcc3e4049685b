internal import ArgumentParser
internal import Server

/// `brume usage`: what each principal has used of each model, and what AWS would have asked for it.
struct Usage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how much each principal has used each model, and what AWS would have charged.",
        usage: "brume usage [<options>]",
        discussion: """
              brume usage --by-day
              brume usage --print-prices > prices.json
            """)

    @OptionGroup var directory: DirectoryOptions

    @Flag(name: .customLong("by-day"), help: "Show a row for each day (UTC).")
    var byDay = false

    @Option(
        help: ArgumentHelp(
            "Price list (default: prices.json in the data directory, or the built-in one).", valueName: "file"),
        completion: .file())
    var prices: String?

    @Flag(name: .customLong("print-prices"), help: "Print the built-in price list, as a template for your own.")
    var printsPrices = false

    @Option(help: "Output format.")
    var output: OutputFormat = .text

    func run() async throws {
        if self.printsPrices {
            Terminal.output(UsagePriceList.standardText.trimmingEnd)
            return
        }
        let configuration = try self.directory.loadToList()
        let list = try orExit { () throws(StartError) in
            try UsageReport.prices(configuration, file: self.prices)
        }
        let rows = UsageReport.rows(configuration, byDay: self.byDay, list)
        switch self.output {
        case .text: self.writeText(rows, list)
        case .json: Terminal.output("[" + rows.map { Self.json($0, list) }.joined(separator: ",") + "]")
        }
    }

    private func writeText(_ rows: [UsageRow], _ list: UsagePriceList) {
        let headings =
            (self.byDay ? ["DAY"] : []) + [
                "ACCOUNT", "PRINCIPAL", "MODEL", "INVOCATIONS", "INPUT", "OUTPUT", "CACHE READ", "CACHE WRITE", "KEPT",
                "USD AT AWS",
            ]
        let lines = rows.map { row in
            let numbers = [
                row.invocations, row.inputTokens, row.outputTokens, row.cacheReadTokens, row.cacheWriteTokens,
                row.keptResponses,
            ]
            let names = [row.day, row.account, row.principal, row.model].compactMap { $0 }
            return names + numbers.map { String($0) } + [Self.costText(row)]
        }
        TextTable.lines([headings] + lines).forEach(Terminal.output)
        guard !rows.isEmpty else { return }
        Terminal.error("Prices of \(list.date) for \(list.region): \(list.origin).")
        let isUnverified = rows.contains { $0.cost.map { !$0.isVerified } ?? false }
        if isUnverified {
            Terminal.error(
                "Prices marked ? were not checked against AWS's own list; --print-prices shows their sources.")
        }
    }

    /// A cost such as `0.012300`, with `?` if the price is not verified, and the kinds of tokens without a price.
    private static func costText(_ row: UsageRow) -> String {
        guard let cost = row.cost else { return "price unknown" }
        let mark = cost.isVerified ? "" : " ?"
        guard !cost.unknown.isEmpty else { return cost.amount + mark }
        return "\(cost.amount)\(mark), without \(cost.unknown.joined(separator: ", ")): price unknown"
    }

    private static func json(_ row: UsageRow, _ list: UsagePriceList) -> String {
        "{" + (row.day.map { "\"day\":\(quoted($0))," } ?? "")
            + "\"account\":\(quoted(row.account)),\"principal\":\(quoted(row.principal)),"
            + "\"model\":\(quoted(row.model)),\"invocations\":\(row.invocations),"
            + "\"inputTokens\":\(row.inputTokens),\"outputTokens\":\(row.outputTokens),"
            + "\"cacheReadTokens\":\(row.cacheReadTokens),\"cacheWriteTokens\":\(row.cacheWriteTokens),"
            + "\"keptResponses\":\(row.keptResponses),\"cost\":\(self.costJSON(row, list))}"
    }

    /// null if the price list does not have the model: unknown, which is not zero.
    private static func costJSON(_ row: UsageRow, _ list: UsagePriceList) -> String {
        guard let cost = row.cost else { return "null" }
        let unknown = cost.unknown.map(quoted).joined(separator: ",")
        return "{\"amount\":\(quoted(cost.amount)),\"currency\":\"USD\",\"unknown\":[\(unknown)],"
            + "\"verified\":\(cost.isVerified),\"price\":\(quoted(cost.model)),\"source\":\(quoted(cost.source)),"
            + "\"date\":\(quoted(cost.date)),\"region\":\(quoted(list.region))}"
    }
}

extension String {
    /// Without trailing line ends.
    fileprivate var trimmingEnd: String {
        var text = self
        while text.last == "\n" { text.removeLast() }
        return text
    }
}
