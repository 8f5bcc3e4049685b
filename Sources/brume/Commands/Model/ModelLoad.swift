internal import ArgumentParser
internal import Server

extension Model {
    /// `brume model load`: loads a model into a running server now, rather than with its first request.
    struct Load: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Load a model into the running server, and wait until it is ready.",
            usage: "brume model load [<options>] <name>"
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Name, alias, or Bedrock model ID, inference profile or ARN.")
        var name: String

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let configuration = try self.directory.load()
            let name = self.name.visible
            Interruption.announce {
                // A model that waits for the memory of others leaves the queue, since nobody asks for it.
                Terminal.error("stopped waiting; a load of \(name) that has begun goes on: see `brume model status`")
            }
            let text = try await WaitNotice.showing("loading \(name); press Ctrl-C to stop waiting") {
                try await tell("models/load", self.name, configuration)
            }
            self.output.conclude(text)
        }
    }
}

extension OutputFormat {
    /// Prints the answer of a server.
    func conclude(_ text: String) {
        switch self {
        case .text: Terminal.output(text)
        case .json: Terminal.output("{\"message\":\(quoted(text))}")
        }
    }
}

/// Sends a request about a model to the running server, or exits with its error.
func tell(_ what: String, _ name: String, _ configuration: Configuration) async throws -> String {
    let answer: ServerControl.Answer?
    do throws(StartError) {
        answer = try await ServerControl.tell(what, name, configuration)
    } catch {
        throw Exit.failure(Exit(error), error.sentence)
    }
    guard let answer else {
        let place = configuration.dataDirectory
        throw Exit.failure(.noServer, "no server is running on \(place); start one with `brume start`")
    }
    guard answer.isDone else {
        throw Exit.failure(answer.isUnknown ? .noSuchThing : .serverRefuses, answer.text)
    }
    return answer.text
}
