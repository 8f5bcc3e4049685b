internal import ArgumentParser
internal import Primitives
internal import Server

/// `brume`: AWS at ground level.
@main
struct Brume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "brume",
        abstract: "AWS at ground level: AWS services on your own machine, behind their real wire protocols.",
        discussion: """
            Start a server with `brume start`, then in another shell:

              eval "$(brume env)"
              aws dynamodb list-tables

            Environment variables:

              BRUME_DATA_DIR  data directory (default: ~/.brume)
              BRUME_CONFIG    configuration file (default: config.yaml in it)
              BRUME_<NAME>    any other option of `brume start`, such as BRUME_PORT
              NO_COLOR        if set, output has no colours

            Exit codes:

              0   success
              1   `brume doctor` found a problem, or `brume model plan` no room
              64  wrong usage
              65  a file or a model is damaged
              66  what is named does not exist
              68  the model hub cannot be reached
              69  no server answers
              70  internal error
              71  port in use
              73  data directory not writable, or disk full
              74  store damaged
              75  in use by another process
              76  store written by a newer version
              77  permission denied
              78  wrong configuration
            """,
        version: "brume \(BuildInformation.version)",
        groupedSubcommands: [
            CommandGroup(
                name: "Server",
                subcommands: [Start.self, Status.self, Healthcheck.self, Doctor.self, Config.self, Store.self]),
            CommandGroup(name: "Access", subcommands: [Environment.self, Keys.self, Policies.self]),
            CommandGroup(name: "Model", subcommands: [Model.self, Engine.self, Usage.self]),
            CommandGroup(name: "Container", subcommands: [ContainersCommand.self]),
            CommandGroup(name: "Other", subcommands: [Version.self, Completion.self, EngineGuardCommand.self]),
        ]
    )

    /// Errors of the parser begin like all others.
    static var _errorPrefix: String { "brume: " }

    static func main() async {
        Terminal.claimStreams()
        let words = Array(CommandLine.arguments.dropFirst())
        // The many options of a start take a moment to parse, and a signal in it counts like any later one.
        if words.first == Start._commandName { _ = Start.signals }
        if let sentence = UnknownCommand.sentence(words, of: self) {
            self.exit(withError: Exit.failure(.usage, sentence))
        }
        await self.main(words)
        // A truncated script or list is worse than none. A server, however, has done more than print.
        if words.first != Start._commandName, let code = Terminal.outputFailure {
            let sentence = "standard output cannot be written: \(SystemError.sentence(code))"
            self.exit(withError: Exit.failure(.dataDirectoryNotWritable, sentence))
        }
    }
}
