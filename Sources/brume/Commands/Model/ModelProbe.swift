internal import ArgumentParser
internal import Inference
internal import Server

extension Model {
    /// `brume model probe`: what a server elsewhere can do for Brume.
    struct Probe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check what another model server supports, before bedrock-models names it.",
            discussion: """
                  brume model probe http://host:8000/v1#name-of-the-model

                Sends three short requests. BRUME_MODEL_API_KEY may hold the server's API key.
                """)

        @Argument(help: "URL of the server, # and the model's name there, as in the setting bedrock-models.")
        var address: String

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let parts = self.address.split(separator: "#", maxSplits: 1).map(String.init)
            guard self.address.hasPrefix("http://") || self.address.hasPrefix("https://") else {
                throw Exit.failure(.usage, "\(self.address) is not an address, such as http://host:8000/v1#name")
            }
            guard parts.count == 2 else {
                throw Exit.failure(.usage, "add # and the model's name to the address: \(self.address)#name")
            }
            let key = ProcessEnvironment.variables["BRUME_MODEL_API_KEY"]
            let probe = try await WaitNotice.showing("asking \(parts[0]); press Ctrl-C to stop") {
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
