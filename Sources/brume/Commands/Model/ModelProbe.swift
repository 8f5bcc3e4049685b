internal import ArgumentParser
internal import Inference
internal import Server

extension Model {
    /// `brume model probe`: what a server elsewhere can do for Brume.
    struct Probe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask a server elsewhere what it can do, before bedrock-models names it.",
            discussion: """
                The address is written as in the setting bedrock-models: http://host:port/v1#name-of-the-model. The \
                server is asked for three short answers. A key is taken from BRUME_MODEL_API_KEY.
                """)

        @Argument(help: "The server's address, with the model's name behind #.")
        var address: String

        @Option(help: "How the result is written.")
        var output: OutputFormat = .text

        func run() async throws {
            let parts = self.address.split(separator: "#", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw Exit.failure(.usage, "the address needs the model's name behind it: \(self.address)#name")
            }
            let key = ProcessEnvironment.variables["BRUME_MODEL_API_KEY"]
            let probe = try await Patience.telling("asking \(parts[0]); Ctrl-C ends it") {
                do throws(InferenceError) {
                    return try await ModelServerProbe(url: parts[0], model: parts[1], apiKey: key)
                } catch {
                    throw Exit.failure(.noHost, "\(parts[0]) does not answer: \(error.reason)")
                }
            }
            switch self.output {
            case .text:
                let rows = probe.findings.map { [$0.isThere ? "yes" : "no", $0.title, $0.detail] }
                for line in TextTable.lines(rows) { Terminal.output(line) }
            case .json:
                let members = probe.findings.map { finding in
                    "\(quoted(finding.name)):{\"there\":\(finding.isThere),\"detail\":\(quoted(finding.detail))}"
                }
                Terminal.output("{" + members.joined(separator: ",") + "}")
            }
        }
    }
}
