internal import ArgumentParser
internal import Inference
internal import Server

extension Model {
    /// `brume model pin`: a model that stays loaded.
    struct Pin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a model loaded, whatever others need; --off lets it go."
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "A name or an alias.")
        var name: String

        @Flag(help: "Let it go.")
        var off = false

        @Option(help: "How the result is written.")
        var output: OutputFormat = .text

        func run() async throws {
            let registry = try self.directory.registry()
            let record = try orExit { () throws(RegistryError) in try registry.setPinned(self.name, !self.off) }
            // A server that runs knows from now on; one that does not reads it when it starts.
            let what = record.isPinned ? "models/pin" : "models/unpin"
            let configuration = try self.directory.load()
            do throws(StartError) {
                _ = try await ServerControl.tell(what, record.name, configuration)
            } catch {
                throw Exit.failure(Exit(error), error.sentence)
            }
            switch self.output {
            case .text: Terminal.output("\(record.name) is \(record.isPinned ? "pinned" : "not pinned")")
            case .json: Terminal.output(record.json)
            }
        }
    }
}
