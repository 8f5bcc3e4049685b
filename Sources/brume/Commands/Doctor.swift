internal import ArgumentParser
internal import Server

/// `brume doctor`: what is missing and how to get it.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what is missing and how to get it.",
        discussion: "Ends with 1 where something is missing that Brume needs, a running server that is ready among it."
    )

    @OptionGroup var directory: DirectoryOptions

    @Option(help: "How the result is written.")
    var output: OutputFormat = .text

    func run() async throws {
        let configuration = try self.directory.load()
        let findings = Diagnosis.findings(configuration) + (await Diagnosis.engine(configuration))
        switch self.output {
        case .text:
            for finding in findings {
                let state = finding.isGood ? "ok      " : finding.isNeeded ? "missing " : "optional"
                Terminal.output("\(state) \(finding.subject): \(finding.detail)")
                if let remedy = finding.remedy { Terminal.output("         \(remedy)") }
            }
        case .json:
            let rows = findings.map { finding in
                "{\"subject\":\(quoted(finding.subject)),\"ok\":\(finding.isGood),\"needed\":\(finding.isNeeded),"
                    + "\"detail\":\(quoted(finding.detail)),\"remedy\":\(quoted(finding.remedy ?? ""))}"
            }
            Terminal.output("[" + rows.joined(separator: ",") + "]")
        }
        if findings.contains(where: { !$0.isGood && $0.isNeeded }) { throw ExitCode(1) }
    }
}
