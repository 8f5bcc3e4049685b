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

            Exit codes: 0 success, 1 `brume doctor` found something missing or `brume model plan` no room, 64 wrong \
            usage, 65 a file or a model is damaged, 66 what is named is not there, 68 the hub cannot be reached, 69 no \
            server answers, 70 internal error, 71 port in use, 73 data directory not writable or disk full, 74 store \
            damaged, 75 in use by another process, 76 store written by a newer version, 77 no permission, 78 wrong \
            configuration.
            """,
        version: BuildInformation.version,
        subcommands: [
            Start.self, Config.self, Status.self, Environment.self, Keys.self, Policies.self, Model.self,
            Engine.self, EngineGuardCommand.self, Store.self,
            Usage.self, ContainersCommand.self, Healthcheck.self, Doctor.self, Version.self, Completion.self,
        ]
    )

    static func main() async {
        Terminal.claimStreams()
        let words = Array(CommandLine.arguments.dropFirst())
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
