internal import ArgumentParser
internal import Server

/// `brume doctor`: what is missing and how to get it.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the installation, and show what is missing and how to get it.",
        usage: "brume doctor [<options>]",
        discussion: """
            Exits with 1 if something that Brume needs is missing, the configuration is wrong, or no server is running \
            and ready.
            """
    )

    @OptionGroup var directory: DirectoryOptions

    @Option(help: "Output format.")
    var output: OutputFormat = .text

    func run() async throws {
        let findings = try await self.findings()
        switch self.output {
        case .text:
            for finding in findings {
                let state = finding.isGood ? "ok      " : finding.isNeeded ? "problem " : "optional"
                Terminal.output("\(state) \(finding.subject): \(finding.detail.visible)")
                if let remedy = finding.remedy { Terminal.output("         \(remedy.visible)") }
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

    private func findings() async throws -> [Finding] {
        let configuration: Configuration
        do throws(ConfigurationError) {
            configuration = try self.directory.configuration()
        } catch {
            return Diagnosis.findings(error, dataDirectory: self.directory.plainDirectory)
        }
        let engine = try await WaitNotice.showing("asking the engine what it is; press Ctrl-C to stop") {
            await Diagnosis.engine(configuration)
        }
        return Diagnosis.findings(configuration) + engine
    }
}
