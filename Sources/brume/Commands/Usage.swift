internal import ArgumentParser
internal import Server

/// `brume usage`: what each principal has used of each model.
struct Usage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what each principal has used of each of Bedrock's models.")

    @OptionGroup var directory: DirectoryOptions

    @Flag(name: .customLong("by-day"), help: "A row for each day, in UTC.")
    var byDay = false

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func run() async throws {
        let rows = UsageReport.rows(try self.directory.load(), byDay: self.byDay)
        switch self.output {
        case .text:
            let day = self.byDay ? "day\t" : ""
            Terminal.output(
                "\(day)account\tprincipal\tmodel\tinvocations\tinput\toutput\tcache read\tcache write\tkept")
            for row in rows {
                let numbers = [
                    row.invocations, row.inputTokens, row.outputTokens, row.cacheReadTokens, row.cacheWriteTokens,
                    row.keptResponses,
                ]
                let names = [row.day, row.account, row.principal, row.model].compactMap { $0 }
                Terminal.output((names + numbers.map { String($0) }).joined(separator: "\t"))
            }
        case .json:
            let texts = rows.map { row in
                "{" + (row.day.map { "\"day\":\(quoted($0))," } ?? "")
                    + "\"account\":\(quoted(row.account)),\"principal\":\(quoted(row.principal)),"
                    + "\"model\":\(quoted(row.model)),\"invocations\":\(row.invocations),"
                    + "\"inputTokens\":\(row.inputTokens),\"outputTokens\":\(row.outputTokens),"
                    + "\"cacheReadTokens\":\(row.cacheReadTokens),\"cacheWriteTokens\":\(row.cacheWriteTokens),"
                    + "\"keptResponses\":\(row.keptResponses)}"
            }
            Terminal.output("[" + texts.joined(separator: ",") + "]")
        }
    }
}
